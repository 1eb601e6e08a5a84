"""When the next public word is due, and why. Pure arithmetic over the ladder."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.enums import DueReason, IncidentStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What a severity promises."""

    first_update: timedelta | None
    update_every: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    at: datetime
    reason: DueReason


def next_due(
    *,
    posted_at: datetime,
    status: IncidentStatus,
    rung: Rung,
    promised: timedelta | None = None,
    awaits_first_word: bool = False,
) -> Due | None:
    """The deadline after a word of that moment.

    A promise made with the word wins over the ladder. After the word of a machine (`awaits_first_word`) people owe the
    ladder's first update, and otherwise its cadence. A resolved incident owes nothing; without a cadence nothing is
    promised.
    """
    if status is IncidentStatus.RESOLVED:
        return None
    if promised is not None:
        return Due(at=posted_at + promised, reason=DueReason.PROMISE)
    if awaits_first_word and rung.first_update is not None:
        return Due(at=posted_at + rung.first_update, reason=DueReason.FIRST_UPDATE)
    if rung.update_every is None:
        return None
    return Due(at=posted_at + rung.update_every, reason=DueReason.CADENCE)


def due_on_another_rung(
    *, owed: Due | None, rung: Rung, opened_at: datetime, last_word_at: datetime, now: datetime
) -> Due | None:
    """What an open incident owes once it stands on that rung.

    A promise made in words stays. A word that is late already stays as late as it was, if the new rung asks for one
    at all. A rung that asks for words more often counts from now where its deadline would be over already: a change
    of severity breaks no promise.
    """
    if owed is not None and owed.reason is DueReason.PROMISE:
        return owed
    first = owed is not None and owed.reason is DueReason.FIRST_UPDATE and rung.first_update is not None
    interval = rung.first_update if first else rung.update_every
    if interval is None:
        return None
    reason = DueReason.FIRST_UPDATE if first else DueReason.CADENCE
    at = (opened_at if first else last_word_at) + interval
    if at < now:
        at = owed.at if owed is not None and owed.at < now else now + interval
    return Due(at=at, reason=reason)
