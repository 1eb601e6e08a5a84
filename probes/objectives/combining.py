"""Several components as one: an interval is good when all of them were good in it."""

from collections.abc import Sequence

from components.uptime import SlotState
from probes.objectives.arithmetic import Counts

EXCLUDED = 5
# The first of these that any component was in is what the interval counts as. A fault is not excused by another
# component's maintenance; what nobody measured of one cannot be vouched for by the others.
ORDER = (
    SlotState.BAD,
    EXCLUDED,
    SlotState.MAINTENANCE,
    SlotState.UNKNOWN,
    SlotState.DEGRADED,
    SlotState.GOOD,
)
NOT_THERE = 255
_RANK_OF = bytes(ORDER.index(state) if state in ORDER else NOT_THERE for state in range(256))


def count_together(components: Sequence[bytes]) -> Counts:
    """Count the intervals of several components over the same time: one byte each interval, a `SlotState`.

    A component that was not there yet (`NOT_THERE`) says nothing; an interval in which none was there counts nowhere.
    """
    ranks = [states.translate(_RANK_OF) for states in components]
    if not ranks:
        return Counts()
    joined = ranks[0] if len(ranks) == 1 else bytes(map(min, *ranks))
    by_state = {state: joined.count(rank) for rank, state in enumerate(ORDER)}
    return Counts(
        good=by_state[SlotState.GOOD] + by_state[SlotState.DEGRADED],
        bad=by_state[SlotState.BAD],
        maintenance=by_state[SlotState.MAINTENANCE],
        not_ours=by_state[EXCLUDED],
        unknown=by_state[SlotState.UNKNOWN],
    )
