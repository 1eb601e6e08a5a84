"""What a check hands to whoever records it."""

from dataclasses import dataclass
from datetime import datetime

from probes.checkers.base import CheckResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One check that was made: when it was due, when it was begun, what it found, and under which lease."""

    probe_id: int
    scheduled_at: datetime
    started_at: datetime
    result: CheckResult
    lease: str = ""
