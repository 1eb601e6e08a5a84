"""The operator's own targets: SMS, push messages and others by Apprise, made by staff or by the configuration.

Nobody subscribes to them or confirms them. A target names the environment variable that holds its URL, never the URL.

Errors: `ValidationFailed` at `name` or `variable`, `Conflict`.
"""

import re

from django.db import transaction

from statuspage.core import clock
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import Conflict, ValidationFailed
from statuspage.core.text import clean_line
from subscriptions.choices import Choice, apply_choice
from subscriptions.enums import Channel, Origin, SubscriberState
from subscriptions.models import Subscriber
from subscriptions.services import end

# With a beginning of its own, so that no form makes a message of another secret of the worker's.
VARIABLE = re.compile(r"APPRISE_[A-Z0-9_]{1,60}", re.ASCII)
VARIABLE_WORDS = "APPRISE_ and then capital letters, digits and _, such as APPRISE_ON_CALL_SMS"
NAME_LENGTH = 120


def is_variable(name: str) -> bool:
    return VARIABLE.fullmatch(name) is not None and not name.endswith("_FILE")


@retry_on_conflict
@transaction.atomic
def add_target(*, name: str, variable: str, choice: Choice, origin: Origin = Origin.STAFF) -> Subscriber:
    """A target that hears of what is chosen, from now on. One that was ended comes back."""
    if not is_variable(variable):
        raise ValidationFailed("variable", f"The name of the variable has to be {VARIABLE_WORDS}.")
    label = _name(name)
    target = Subscriber.objects.select_for_update().filter(channel=Channel.APPRISE, address=variable).first()
    if target is not None and target.is_confirmed:
        raise ValidationFailed("variable", f"{variable} is the variable of {target.name or 'another target'} already.")
    now = clock.now()
    if target is None:
        target = Subscriber(channel=Channel.APPRISE, address=variable)
        target.state, target.confirmed_at, target.name, target.origin = SubscriberState.CONFIRMED, now, label, origin
        target.save()
    else:
        _bring_back(target, name=label, origin=origin)
    apply_choice(target, choice)
    return target


@retry_on_conflict
@transaction.atomic
def change_target(*, target_id: int, name: str, choice: Choice) -> Subscriber:
    target = _locked(target_id)
    target.name = _name(name)
    target.save(update_fields=["name"])
    apply_choice(target, choice)
    return target


@retry_on_conflict
@transaction.atomic
def end_target(*, target_id: int) -> Subscriber:
    """It hears of nothing more, at once. Ending it twice changes nothing more."""
    target = Subscriber.objects.select_for_update().get(pk=target_id, channel=Channel.APPRISE)
    if target.is_confirmed:
        end(target)
    return target


def _bring_back(target: Subscriber, *, name: str, origin: Origin) -> None:
    target.name, target.origin = name, origin
    target.state, target.confirmed_at, target.suppressed_reason = SubscriberState.CONFIRMED, clock.now(), ""
    target.ended_at = target.failing_since = target.paused_at = target.paused_until = None
    columns = ["name", "origin", "state", "confirmed_at", "suppressed_reason"]
    target.save(update_fields=[*columns, "ended_at", "failing_since", "paused_at", "paused_until"])


def _locked(target_id: int) -> Subscriber:
    target = Subscriber.objects.select_for_update().filter(pk=target_id, channel=Channel.APPRISE).first()
    if target is None or not target.is_confirmed:
        raise Conflict("This target was ended: add it again.")
    return target


def _name(name: str) -> str:
    label = clean_line(name)
    if not 1 <= len(label) <= NAME_LENGTH:
        raise ValidationFailed("name", f"Give the target a name of 1 to {NAME_LENGTH} characters: who or what hears.")
    return label
