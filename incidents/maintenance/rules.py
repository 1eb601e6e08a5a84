"""What a window may be, and how far ahead it is said. Pure."""

from datetime import datetime, timedelta
from typing import Protocol

from incidents.enums import MaintenanceImpact
from incidents.input import BODY_LENGTH, EARLIEST
from incidents.maintenance.wording import hours_said
from statuspage.core.errors import ValidationFailed
from statuspage.core.text import clean_line, clean_text

LONGEST_WINDOW = timedelta(days=31)
FURTHEST_AHEAD = timedelta(days=3 * 366)
NOTE_LENGTH = 300
REASON_LENGTH = 500
PHASE_LENGTH = 40


class Kind(Protocol):
    """What a `MaintenanceKind` says about announcing."""

    name: str
    lead_time: timedelta | None
    needs_reason: bool


def check_window(scheduled_for: datetime, scheduled_until: datetime, now: datetime) -> None:
    """Raises ValidationFailed for a window that nobody can mean."""
    if scheduled_until <= scheduled_for:
        raise ValidationFailed("scheduled_until", "The window ends before it begins: choose a later end.")
    if scheduled_until - scheduled_for > LONGEST_WINDOW:
        raise ValidationFailed("scheduled_until", f"A window lasts at most {LONGEST_WINDOW.days} days.")
    if scheduled_for < EARLIEST:
        raise ValidationFailed("scheduled_for", "That time is too long ago: choose one after the year 2000.")
    if scheduled_for > now + FURTHEST_AHEAD:
        raise ValidationFailed("scheduled_for", "That is more than three years ahead: choose an earlier time.")


def lead_time_warning(kind: Kind | None, announced_at: datetime, begins_at: datetime) -> str | None:
    """The sentence that warns of a window announced later than its kind's rule says; None: the rule is kept.

    Exactly the lead time ahead keeps the rule.
    """
    if kind is None or kind.lead_time is None or begins_at - announced_at >= kind.lead_time:
        return None
    rule = f"{kind.name} maintenance is announced at least {hours_said(kind.lead_time)} ahead"
    if begins_at <= announced_at:
        return f"{rule}; this window has begun already."
    return f"{rule}; this window would be announced {hours_said(begins_at - announced_at)} ahead."


def check_reason(kind: Kind | None, reason: str, *, announced_at: datetime, begins_at: datetime) -> None:
    """Raises ValidationFailed("reason") when none is given though the rule is broken, or the kind asks for one."""
    if reason:
        return
    warning = lead_time_warning(kind, announced_at, begins_at)
    if warning is not None:
        raise ValidationFailed("reason", f"{warning} Say why: the reason is shown.")
    if kind is not None and kind.needs_reason:
        raise ValidationFailed("reason", f"{kind.name} maintenance says why it is done: the reason is shown.")


def short_line(field: str, text: str, longest: int) -> str:
    """One clean line. Raises ValidationFailed for one that is too long."""
    cleaned = clean_line(text)
    if len(cleaned) > longest:
        raise ValidationFailed(field, f"That has {len(cleaned)} characters; at most {longest} fit.")
    return cleaned


def impact_of(word: MaintenanceImpact | str) -> str:
    if not word:
        return ""
    try:
        return MaintenanceImpact(clean_line(word).lower()).value
    except ValueError:
        known = ", ".join(MaintenanceImpact.values)
        raise ValidationFailed("impact_level", f"{word!r} is no impact: choose one of {known}.") from None


def long_text(field: str, text: str) -> str:
    cleaned = clean_text(text)
    if len(cleaned) > BODY_LENGTH:
        raise ValidationFailed(field, f"The text has {len(cleaned)} characters; at most {BODY_LENGTH} fit.")
    return cleaned
