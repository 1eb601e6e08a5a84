"""The state machine of one probe at one location: pure, outcomes in, the next state out.

    unknown ──up──▶ up ──down──▶ suspect ──down × failure_threshold──▶ down ──up──▶ recovering
       ▲             ▲              │                                    ▲              │
       │             └─────up───────┘                                    └─────down─────┤
       │             ▲                                                                  │
       │             └───────────────────up × recovery_threshold────────────────────────┘
       └── error × failure_threshold, from everywhere: we do not know, and say nothing

An outage begins at the first of the failures that proved it and ends at the first of the successes that ended it.
Slow (degraded) answers are answers: they bring a probe up, and as many in a row as failures would be needed make the
component degraded. An error is our own trouble: it moves no counter but its own and never makes anything down.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import models

from components.enums import ComponentStatus
from probes.enums import Outcome

RECHECK_AFTER = timedelta(seconds=10)


class ProbeState(models.TextChoices):
    UNKNOWN = "unknown", "Unknown"
    UP = "up", "Up"
    SUSPECT = "suspect", "Suspect"
    DOWN = "down", "Down"
    RECOVERING = "recovering", "Recovering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How many in a row are needed before the state is believed. Both at least 1."""

    failure_threshold: int = 3
    recovery_threshold: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """What is remembered of a probe. All counts are of results in a row.

    `first_failure_at` is set from the first failure until the trouble is over; `first_success_at` is when the last
    outage ended, or seems to be ending.
    """

    state: ProbeState = ProbeState.UNKNOWN
    failures: int = 0
    successes: int = 0
    slow: int = 0
    quick: int = 0
    errors: int = 0
    is_slow: bool = False
    first_failure_at: datetime | None = None
    first_success_at: datetime | None = None

    @property
    def verdict(self) -> ComponentStatus | None:
        """What the probe claims about its component; None is no claim."""
        if self.state is ProbeState.UNKNOWN:
            return None
        if self.state in {ProbeState.DOWN, ProbeState.RECOVERING}:
            return ComponentStatus.MAJOR_OUTAGE
        return ComponentStatus.DEGRADED_PERFORMANCE if self.is_slow else ComponentStatus.OPERATIONAL

    @property
    def is_outage(self) -> bool:
        return self.verdict is ComponentStatus.MAJOR_OUTAGE

    @property
    def is_in_trouble(self) -> bool:
        """A failure was seen and is not over: suspect, down, recovering, or unknown since."""
        return self.first_failure_at is not None


def advance(track: Track, outcome: Outcome, *, at: datetime, rules: Rules) -> Track:
    """The track after one more result, which was due at `at`."""
    if outcome is Outcome.ERROR:
        return _after_error(track, rules)
    if outcome is Outcome.DOWN:
        return _after_failure(track, at, rules)
    return _after_success(track, at, rules, is_slow=outcome is Outcome.DEGRADED)


def recheck_after(track: Track, interval: timedelta) -> timedelta | None:
    """A probe that failed but is not yet believed to be down is asked again sooner than its interval says."""
    unproven = track.failures > 0 and track.state in {ProbeState.SUSPECT, ProbeState.UNKNOWN}
    return min(RECHECK_AFTER, interval) if unproven and not track.errors else None


def forget(track: Track) -> Track:
    """Nothing was measured for too long: unknown. A proven outage is not forgotten, a mere suspicion is."""
    if track.state in {ProbeState.DOWN, ProbeState.RECOVERING}:
        return replace(track, state=ProbeState.UNKNOWN, successes=0, errors=0, first_success_at=None)
    return Track()


def _after_error(track: Track, rules: Rules) -> Track:
    errors = track.errors + 1
    if errors < rules.failure_threshold:
        return replace(track, errors=errors)
    return replace(track, errors=errors, state=ProbeState.UNKNOWN, is_slow=False)


def _after_failure(track: Track, at: datetime, rules: Rules) -> Track:
    failures = track.failures + 1
    # The thresholds may have been raised during an outage: that does not end it.
    proven = failures >= rules.failure_threshold or track.is_outage
    unproven_state = ProbeState.SUSPECT if track.state is ProbeState.UP else track.state
    return Track(
        state=ProbeState.DOWN if proven else unproven_state,
        failures=failures,
        is_slow=track.is_slow and not proven,
        first_failure_at=track.first_failure_at or at,
    )


def _after_success(track: Track, at: datetime, rules: Rules, *, is_slow: bool) -> Track:
    seen = replace(
        track,
        errors=0,
        successes=track.successes + 1,
        slow=track.slow + 1 if is_slow else 0,
        quick=0 if is_slow else track.quick + 1,
    )
    was_down = track.is_outage or (track.state is ProbeState.UNKNOWN and track.failures >= rules.failure_threshold)
    if was_down:
        seen = replace(seen, first_success_at=track.first_success_at or at)
        if seen.successes < rules.recovery_threshold:
            return replace(seen, state=ProbeState.RECOVERING)
        # Coming back slowly must not look healthy for a moment first.
        slow_now = seen.slow >= rules.recovery_threshold
    elif track.is_slow:
        slow_now = seen.quick < rules.recovery_threshold
    else:
        slow_now = seen.slow >= rules.failure_threshold
    return replace(seen, state=ProbeState.UP, failures=0, first_failure_at=None, is_slow=slow_now)
