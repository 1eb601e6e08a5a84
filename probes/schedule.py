"""When a probe is due: a fixed grid, spread by a phase, on which nothing drifts and nothing is caught up.

Grid points are `epoch + phase + n × interval`, so the time a check was due is the same whoever computes it, and that
is what makes a repeated result recognisable.
"""

import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Interval and phase in whole milliseconds; interval ≥ 1."""

    interval_ms: int
    phase_ms: int

    @classmethod
    def of(cls, *, probe_id: int, location: str, interval: timedelta) -> "Grid":
        """The grid of a probe at a location. The phase spreads probes of one interval evenly over it."""
        interval_ms = max(1, interval // MILLISECOND)
        return cls(interval_ms=interval_ms, phase_ms=zlib.crc32(f"{probe_id}:{location}".encode()) % interval_ms)

    def at_or_before(self, moment: datetime) -> datetime:
        """The latest grid point that is not after `moment`."""
        steps = ((moment - EPOCH) // MILLISECOND - self.phase_ms) // self.interval_ms
        return EPOCH + (self.phase_ms + steps * self.interval_ms) * MILLISECOND

    def after(self, moment: datetime) -> datetime:
        """The first grid point later than `moment`."""
        return self.at_or_before(moment) + self.interval_ms * MILLISECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One check to make: when it was due, when the next one is, and how many were missed before it."""

    scheduled_at: datetime
    next_due_at: datetime
    missed: int


def next_turn(due: datetime, *, now: datetime, grid: Grid) -> Turn:
    """What to do about a check due at `due` ≤ `now`. `due` may lie off the grid: an early second look is not missed.

    Only the newest grid point is checked; the older ones were missed and are counted, never caught up.
    """
    latest = grid.at_or_before(now)
    next_due = grid.after(now)
    if latest <= due:
        return Turn(scheduled_at=due, next_due_at=next_due, missed=0)
    first = due if grid.at_or_before(due) == due else grid.after(due)
    missed = (latest - first) // (grid.interval_ms * MILLISECOND)
    return Turn(scheduled_at=latest, next_due_at=next_due, missed=missed)
