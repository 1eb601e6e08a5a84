"""What people type, checked: each refusal names the field and says what to do."""

from datetime import UTC, datetime, timedelta

from incidents.models import SeverityPolicy
from statuspage.core.errors import ValidationFailed
from statuspage.core.text import clean_line, clean_text

TITLE_LENGTH = 250
BODY_LENGTH = 20_000
CLOCK_SKEW = timedelta(minutes=2)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST_PROMISE = timedelta(days=31)


def severity_policy(severity: SeverityPolicy | str) -> SeverityPolicy:
    if isinstance(severity, SeverityPolicy):
        return severity
    policy = SeverityPolicy.objects.filter(slug=clean_line(severity)).first()
    if policy is None:
        known = ", ".join(SeverityPolicy.objects.values_list("slug", flat=True))
        raise ValidationFailed("severity", f"There is no severity {severity!r}; choose one of: {known}.")
    return policy


def title_line(title: str) -> str:
    cleaned = clean_line(title)
    if not cleaned:
        raise ValidationFailed("title", "Say in a few words what is broken.")
    if len(cleaned) > TITLE_LENGTH:
        raise ValidationFailed("title", f"The title has {len(cleaned)} characters; at most {TITLE_LENGTH} fit.")
    return cleaned


def body_text(message: str) -> str:
    cleaned = clean_text(message)
    if not cleaned:
        raise ValidationFailed("message", "Write a sentence for the people who are affected.")
    if len(cleaned) > BODY_LENGTH:
        raise ValidationFailed("message", f"The text has {len(cleaned)} characters; at most {BODY_LENGTH} fit.")
    return cleaned


def past_moment(field: str, at: datetime | None, now: datetime) -> datetime:
    if at is None:
        return now
    if at > now + CLOCK_SKEW:
        raise ValidationFailed(field, "That time lies in the future: choose one that has been.")
    if at < EARLIEST:
        raise ValidationFailed(field, "That time is too long ago: choose one after the year 2000.")
    return at


def promised_interval(promised: timedelta | None) -> timedelta | None:
    """Within which the next update is promised."""
    if promised is not None and not timedelta() < promised <= LONGEST_PROMISE:
        raise ValidationFailed(
            "next_update_in",
            f"Promise the next update within a time that is more than nothing, and at most "
            f"{LONGEST_PROMISE.days} days.",
        )
    return promised
