"""Several locations, one verdict: pure, from where a probe stands at each of its locations to what it claims.

Only locations with fresh results that know something are asked. The outage is claimed when a quorum of them sees it;
that is most of them, unless the probe names a number, and with fewer of them than that number all must see it. One
location alone is its own quorum. Nothing fresh at all is no claim.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from components.enums import ComponentStatus
from probes.states import ProbeState, Track


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the probe stands at one location; not fresh: the last result is too old to say anything."""

    track: Track
    is_fresh: bool

    @property
    def is_known(self) -> bool:
        return self.is_fresh and self.track.state is not ProbeState.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeVerdict:
    """`status` None is no claim. `speaker` is the location whose words say why.

    `down_since`: when so many locations had failed that it was an outage (of a proven one, else None).
    `up_since`: when so many had come back that it was none any more; None where no outage ended.
    `is_in_trouble`: failures were seen that, if they are true, are an outage: it is too early to call it well.
    """

    status: ComponentStatus | None
    speaker: str | None
    down_since: datetime | None
    up_since: datetime | None
    is_in_trouble: bool

    @property
    def is_down(self) -> bool:
        return self.status is ComponentStatus.MAJOR_OUTAGE


def needed_of(known: int, quorum: int | None) -> int:
    """How many of so many known locations make an outage: at least 1."""
    return max(1, known // 2 + 1 if quorum is None else min(quorum, known))


def probe_verdict(standings: Mapping[str, Standing], quorum: int | None) -> ProbeVerdict:
    """What the probe says of its component, from where it stands at each location by name."""
    known = {name: one.track for name, one in standings.items() if one.is_known}
    needed = needed_of(len(known), quorum)
    down = [name for name, track in known.items() if track.is_outage]
    limping = [name for name, track in known.items() if track.is_outage or track.is_slow]
    troubled = [one.track for one in standings.values() if one.track.is_in_trouble and (one.is_known or not known)]
    if not known:
        status = None
    elif len(down) >= needed:
        status = ComponentStatus.MAJOR_OUTAGE
    elif len(limping) >= needed:
        status = ComponentStatus.DEGRADED_PERFORMANCE
    else:
        status = ComponentStatus.OPERATIONAL
    is_down = status is ComponentStatus.MAJOR_OUTAGE
    well = [name for name, track in known.items() if not track.is_outage and not track.is_slow]
    agreeing = down if is_down else limping if status is ComponentStatus.DEGRADED_PERFORMANCE else well
    return ProbeVerdict(
        status=status,
        # Of those that agree with the verdict the first in the order given.
        speaker=next(iter([*agreeing, *known, *standings]), None),
        down_since=_nth([known[name].first_failure_at for name in down], needed) if is_down else None,
        up_since=None if is_down or not known else _came_back(list(known.values()), len(down), needed),
        is_in_trouble=len(troubled) >= needed,
    )


def _came_back(tracks: Sequence[Track], still_down: int, needed: int) -> datetime | None:
    """When fewer than the quorum were left in the outage; None where not so many had been in it."""
    ends = sorted(track.first_success_at for track in tracks if track.first_success_at and not track.is_outage)
    crossing = still_down + len(ends) - needed
    return ends[crossing] if 0 <= crossing < len(ends) else None


def _nth(moments: Sequence[datetime | None], number: int) -> datetime | None:
    """The moment at which so many had happened."""
    happened = sorted(moment for moment in moments if moment is not None)
    return happened[number - 1] if len(happened) >= number else None
