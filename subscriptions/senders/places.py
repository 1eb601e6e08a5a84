"""How many requests may be under way, in all and to one host, and which hosts are not asked any more. Pure.

A host gets a few places. A request that hangs gives its place on after a second, if the host has answered anybody at
all: of many who share one host, those whose receiver hangs do not hold up the others. A host that fails twice, and
answers nobody while those requests are under way, is left alone for the rest of the run.
"""

from dataclasses import dataclass, field

MOST_AT_ONCE = 250
MOST_A_HOST = 20
SLOW_AFTER_SECONDS = 1.0
MOST_SLOW_A_HOST = 100
FAILURES_IN_A_ROW = 2


@dataclass(slots=True)
class _Host:
    begun: dict[int, float] = field(default_factory=dict)
    answered_at: float | None = None
    failures: int = 0


class Places:
    """Keys are of deliveries, times of any one clock in seconds."""

    def __init__(self) -> None:
        self._hosts: dict[str, _Host] = {}
        self._under_way = 0

    @property
    def is_full(self) -> bool:
        return self._under_way >= MOST_AT_ONCE

    def has_room(self, host: str, now: float) -> bool:
        """Whether one more request to this host may begin."""
        if self.is_full:
            return False
        state = self._of(host)
        if len(state.begun) < MOST_A_HOST:
            return True
        if state.answered_at is None or len(state.begun) >= MOST_A_HOST + MOST_SLOW_A_HOST:
            return False
        return sum(now - begun < SLOW_AFTER_SECONDS for begun in state.begun.values()) < MOST_A_HOST

    def is_down(self, host: str) -> bool:
        return self._of(host).failures >= FAILURES_IN_A_ROW

    def down(self) -> set[str]:
        return {host for host in self._hosts if self.is_down(host)}

    def begin(self, host: str, key: int, now: float) -> None:
        self._of(host).begun[key] = now
        self._under_way += 1

    def end(self, host: str, key: int, now: float, *, answered: bool) -> None:
        """`answered`: with anything that is HTTP, whatever it says."""
        state = self._of(host)
        begun = state.begun.pop(key)
        self._under_way -= 1
        if answered:
            state.answered_at, state.failures = now, 0
        elif state.answered_at is None or state.answered_at < begun:
            state.failures += 1

    def _of(self, host: str) -> _Host:
        return self._hosts.setdefault(host, _Host())
