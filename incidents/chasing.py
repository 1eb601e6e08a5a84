"""Whoever promised a word is reminded of it: an update that is late, a postmortem that is due.

A clock that jumps makes nothing late. For a while after a jump nothing is concluded from the clock; a word is seen to
have come by what it owes next, not by the time.
"""

import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from django.db.models import Prefetch, Q

from components.models import Component
from incidents.enums import DueReason, SignalSource, SignalState
from incidents.locking import owed
from incidents.models import AffectedComponent, Incident, Postmortem, Signal
from incidents.notices import rfc3339
from incidents.signals import raise_signal, resolve_signal
from statuspage.core import clock

logger = logging.getLogger(__name__)

LATE_WORD = "late-word:"
POSTMORTEM_DUE = "postmortem-due:"
WARNED_AHEAD = timedelta(hours=24)
# Larger than what time servers correct unnoticed, smaller than any promise.
JUMP = timedelta(seconds=90)
SETTLING_SECONDS = 120.0
SENTENCES = {
    DueReason.FIRST_UPDATE: "the first word of a person was due at {}.",
    DueReason.CADENCE: "the next update was due at {}.",
    DueReason.PROMISE: "the next update was promised by {}.",
}

OURS = Q(source=SignalSource.DEADLINE) & (
    Q(fingerprint__startswith=LATE_WORD) | Q(fingerprint__startswith=POSTMORTEM_DUE)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """What is owed. The signal about it stands from `begins` until it is not owed any more, or until `ends`."""

    fingerprint: str
    due: datetime
    begins: datetime
    ends: datetime | None = None
    title: str
    detail: str
    component: Component | None = None
    pages: bool = True

    def is_over(self, now: datetime) -> bool:
        return self.ends is not None and self.ends <= now


class JumpWatch:
    """Whether the clock agrees with the time that passed, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: tuple[datetime, float] | None = None
        self._settled_at = 0.0

    def has_jumped(self, now: datetime, moment: float) -> bool:
        """Whether it jumped since it was asked last, or not long before. `moment` is monotonic, in seconds."""
        with self._lock:
            if self._last is not None:
                seen, then = self._last
                if abs(now - seen - timedelta(seconds=moment - then)) > JUMP:
                    logger.warning("The clock was moved from %s to %s: nothing counts as late for now.", seen, now)
                    self._settled_at = moment + SETTLING_SECONDS
            self._last = (now, moment)
            return moment < self._settled_at


_watch = JumpWatch()


def chase() -> int:
    """Raise and end the signals about words that are due. Returns how many were raised. Four queries at rest."""
    now = clock.now()
    has_jumped = _watch.has_jumped(now, monotonic())
    deadlines = {deadline.fingerprint: deadline for deadline in (*_words(now), *_postmortems(now))}
    standing = set()
    for signal in Signal.objects.unresolved().filter(OURS):
        deadline = deadlines.get(signal.fingerprint)
        if deadline is not None and _is_about(signal, deadline) and (has_jumped or not deadline.is_over(now)):
            standing.add(signal.fingerprint)
        else:
            resolve_signal(fingerprint=signal.fingerprint)
    if has_jumped:
        return 0
    new = [deadline for deadline in deadlines.values() if deadline.fingerprint not in standing]
    return sum(_raise(deadline) for deadline in new if deadline.begins <= now and not deadline.is_over(now))


def _words(now: datetime) -> Iterator[Deadline]:
    """The next word of each open incident, late or not. Two queries."""
    first = AffectedComponent.objects.select_related("component").order_by("component__position", "pk")
    rows = Incident.objects.open().filter(next_update_due_at__isnull=False).order_by("pk")
    for incident in rows.prefetch_related(Prefetch("affected", first)):
        due = owed(incident)
        if due is None:
            continue
        affected = list(incident.affected.all())
        yield Deadline(
            fingerprint=f"{LATE_WORD}{incident.reference}:{due.reason}",
            due=due.at,
            begins=due.at,
            title=f"{incident.reference}: {SENTENCES[due.reason].format(_said(due.at, now))}",
            detail=incident.title,
            component=affected[0].component if affected else None,
        )


def _postmortems(now: datetime) -> Iterator[Deadline]:
    """The drafts that are owed, twice each: a day ahead, and when it is due. One query."""
    rows = Postmortem.objects.owed().filter(incident__merged_into__isnull=True).select_related("incident")
    for postmortem in rows:
        incident, due = postmortem.incident, postmortem.due_at
        if due is None:
            continue
        stem = f"{POSTMORTEM_DUE}{incident.reference}"
        said, detail = _said(due, now), f"{incident.title} ({postmortem.due_because})".removesuffix(" ()")
        yield Deadline(
            fingerprint=f"{stem}:ahead",
            due=due,
            begins=due - WARNED_AHEAD,
            ends=due,
            title=f"The postmortem of {incident.reference} is due at {said}.",
            detail=detail,
            pages=False,
        )
        yield Deadline(
            fingerprint=f"{stem}:late",
            due=due,
            begins=due,
            title=f"The postmortem of {incident.reference} was due at {said}.",
            detail=detail,
        )


def _is_about(signal: Signal, deadline: Deadline) -> bool:
    """The same deadline, and not an earlier one of the same name."""
    return bool(signal.evidence.get("due") == rfc3339(deadline.due))


def _raise(deadline: Deadline) -> bool:
    """Unless somebody has closed the signal about it by hand: they know."""
    closed = Signal.objects.filter(fingerprint=deadline.fingerprint, state=SignalState.RESOLVED)
    if any(_is_about(signal, deadline) for signal in closed.exclude(resolved_by="").order_by("-pk")[:1]):
        return False
    raise_signal(
        source=SignalSource.DEADLINE,
        fingerprint=deadline.fingerprint,
        title=deadline.title,
        detail=deadline.detail,
        component=deadline.component,
        pages=deadline.pages,
        evidence={"due": rfc3339(deadline.due)},
    )
    return True


def _said(at: datetime, now: datetime) -> str:
    return f"{at:%H:%M} UTC" if at.date() == now.date() else f"{at:%H:%M} UTC on {at:%d %B %Y}"
