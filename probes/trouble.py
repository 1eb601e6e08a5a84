"""What an incident of ours is about: an outage that a probe measured, or a rule on its results that fires."""

from dataclasses import dataclass
from datetime import datetime

from components.enums import ComponentStatus
from components.models import Component
from incidents.models import SeverityPolicy
from probes.enums import ProbeKind
from probes.models import Probe
from probes.standings import Reading
from probes.wording import failure_sentence

TITLES: dict[str, str] = {
    ProbeKind.HEARTBEAT: "No heartbeat from {}",
    ProbeKind.DISK: "{} is short of disk space",
    ProbeKind.WORKERS: "Workers of {} are not reporting",
}
DEFAULT_TITLE = "{} is not responding"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One reason for an incident. `since` None is now; no severity is the worst of the ladder."""

    probe: Probe
    title: str
    sentence: str
    since: datetime | None
    impact: ComponentStatus
    severity: SeverityPolicy | None

    @property
    def component(self) -> Component:
        return self.probe.component


def outage(reading: Reading) -> Trouble:
    """The probe is down. Reads its component and severity."""
    probe = reading.probe
    return Trouble(
        probe=probe,
        title=TITLES.get(probe.kind, DEFAULT_TITLE).format(probe.component.name),
        sentence=failure_sentence(reading),
        since=reading.verdict.down_since,
        impact=ComponentStatus.MAJOR_OUTAGE,
        severity=probe.severity,
    )
