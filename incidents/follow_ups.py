"""Follow-up actions of a postmortem: what somebody will do about it. They have names on them and are never public.

Errors: `ValidationFailed`, `NotFound`.
"""

from datetime import date

from django.db import transaction

from incidents.models import FollowUpAction, Postmortem
from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.core.text import clean_line

TEXT_LENGTH = 500
OWNER_LENGTH = 150


@retry_on_conflict
@transaction.atomic
def add_action(*, postmortem: Postmortem, text: str, owner: str = "", due_on: date | None = None) -> FollowUpAction:
    """The same open action with the same owner twice, such as from a second tap on the button, is one."""
    said, who = _text(text), _owner(owner)
    # The row of the postmortem is the lock.
    if not Postmortem.objects.select_for_update().filter(pk=postmortem.pk).exists():
        raise NotFound("This postmortem is not here any more.")
    same = FollowUpAction.objects.filter(postmortem=postmortem, text=said, owner=who, done_at__isnull=True).first()
    return same or FollowUpAction.objects.create(postmortem=postmortem, text=said, owner=who, due_on=due_on)


@retry_on_conflict
@transaction.atomic
def set_action_done(*, action: FollowUpAction, done: bool, author: str = "") -> None:
    """Done, or not after all. Saying it twice keeps the first time."""
    rows = FollowUpAction.objects.filter(pk=action.pk, done_at__isnull=done)
    rows.update(done_at=clock.now() if done else None, done_by=author[:OWNER_LENGTH] if done else "")
    _refresh(action)


@retry_on_conflict
@transaction.atomic
def remove_action(*, action: FollowUpAction) -> None:
    FollowUpAction.objects.filter(pk=action.pk).delete()


def _refresh(action: FollowUpAction) -> None:
    try:
        action.refresh_from_db()
    except FollowUpAction.DoesNotExist:
        raise NotFound("This action is not here any more.") from None


def _text(text: str) -> str:
    cleaned = clean_line(text)
    if not cleaned:
        raise ValidationFailed("text", "Say what is going to be done.")
    if len(cleaned) > TEXT_LENGTH:
        raise ValidationFailed("text", f"The text has {len(cleaned)} characters; at most {TEXT_LENGTH} fit.")
    return cleaned


def _owner(owner: str) -> str:
    cleaned = clean_line(owner)
    if len(cleaned) > OWNER_LENGTH:
        raise ValidationFailed("owner", f"The name has {len(cleaned)} characters; at most {OWNER_LENGTH} fit.")
    return cleaned
