"""What a window may be. Pure."""

from datetime import datetime, timedelta

from incidents.input import EARLIEST
from statuspage.core.errors import ValidationFailed

LONGEST_WINDOW = timedelta(days=31)
FURTHEST_AHEAD = timedelta(days=3 * 366)


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
