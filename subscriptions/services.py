"""Coming, choosing and leaving. Nothing is mailed from here: a mail is a `Delivery` row that the sweep finds.

`subscribe` only writes down what was asked, with the same work for every address; `accept_requests` makes of it what
is right. Only the owner of the mailbox, by the link in our mail, confirms, changes the choice or leaves.

Errors: `ValidationFailed` (address, component), `RateLimited` (too many from one IP address), `NotFound` (a link that
is forged, expired or was made useless by leaving).
"""

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction

from statuspage.core import clock, rate_limit
from statuspage.core.client_address import neighbourhood
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import NotFound, RateLimited
from statuspage.core.mail_addresses import normalise_address
from subscriptions.choices import DEFAULT_EVENTS, Choice, apply_choice, read_choice
from subscriptions.enums import Channel, Event, Priority, Purpose, SubscriberState
from subscriptions.links import SignedFor, read_confirm_token, read_manage_token
from subscriptions.models import Delivery, Subscriber, SubscriptionRequest

REQUESTS_AN_IP = 20
REQUESTS_AN_IP_PER = timedelta(hours=1)
LETTERS_AN_ADDRESS = 3
LETTERS_AN_ADDRESS_PER = timedelta(days=1)
NOT_OURS = "This link is not one of ours: copy the whole of it from the mail."
TOO_OLD = "This link does not work any more: it is good for seven days. Subscribe again for a new one."


def subscribe(
    *, email: object, ip: str, components: Iterable[str] = (), events: Iterable[Event] = DEFAULT_EVENTS
) -> SubscriptionRequest:
    """Write down that somebody asks for mail at this address. `components` are slugs; none means everything.

    Two queries with components and one without, whoever the address belongs to.
    """
    address = normalise_address(email)
    choice = read_choice(components=components, events=events)
    if not rate_limit.allow(f"subscribe:{neighbourhood(ip)}", limit=REQUESTS_AN_IP, per=REQUESTS_AN_IP_PER):
        raise RateLimited(
            "Too many subscriptions were asked for from your network. Try again in an hour.",
            retry_after_seconds=int(REQUESTS_AN_IP_PER.total_seconds()),
        )
    return SubscriptionRequest.objects.create(address=address, choice=choice.as_json())


def accept_requests(*, limit: int = 500) -> int:
    """Turn what was asked into subscribers and letters, oldest first. Returns how many were dealt with."""
    ids = list(SubscriptionRequest.objects.values_list("pk", flat=True)[:limit])
    return sum(_accept(request_id) for request_id in ids)


@retry_on_conflict
@transaction.atomic
def _accept(request_id: int) -> bool:
    request = SubscriptionRequest.objects.select_for_update(skip_locked=True).filter(pk=request_id).first()
    if request is None:
        return False
    made, _ = Subscriber.objects.get_or_create(channel=request.channel, address=request.address)
    subscriber = Subscriber.objects.select_for_update().get(pk=made.pk)
    if not subscriber.is_confirmed:
        # A stranger may ask in somebody's name, so this is a proposal: the owner sees it before it counts.
        apply_choice(subscriber, Choice.from_json(request.choice))
    if _may_write_to(subscriber):
        Delivery.objects.create(
            subscriber=subscriber,
            channel=Channel.EMAIL,
            priority=Priority.LETTER,
            purpose=Purpose.REMINDER if subscriber.is_confirmed else Purpose.CONFIRMATION,
        )
    request.delete()
    return True


@retry_on_conflict
@transaction.atomic
def confirm(*, token: str) -> Subscriber:
    """The owner of the mailbox says yes. Saying it twice changes nothing more."""
    signed = read_confirm_token(token)
    subscriber = _locked(signed)
    if signed is None or subscriber is None or subscriber.generation != signed.generation:
        raise NotFound(TOO_OLD)
    if subscriber.is_confirmed:
        return subscriber
    subscriber.state = SubscriberState.CONFIRMED
    subscriber.confirmed_at = clock.now()
    subscriber.ended_at = None
    subscriber.suppressed_reason = ""
    subscriber.save(update_fields=["state", "confirmed_at", "ended_at", "suppressed_reason"])
    return subscriber


@retry_on_conflict
@transaction.atomic
def change_choice(*, token: str, components: Iterable[str]) -> Subscriber:
    """Set what a confirmed subscriber hears of: slugs of components, none for everything."""
    choice = read_choice(components=components)
    subscriber = subscriber_of(token=token, lock=True)
    subscriber.components.set(choice.component_ids)
    return subscriber


@retry_on_conflict
@transaction.atomic
def unsubscribe(*, token: str) -> Subscriber:
    """Leave. Good with the link of any mail we ever sent, however old: leaving must always work (RFC 8058).

    It raises the generation, so that every earlier link is useless for anything but leaving.
    """
    subscriber = _locked(read_manage_token(token))
    if subscriber is None:
        raise NotFound(NOT_OURS)
    if not subscriber.is_confirmed:
        return subscriber
    subscriber.state = SubscriberState.UNSUBSCRIBED
    subscriber.ended_at = clock.now()
    subscriber.generation += 1
    subscriber.save(update_fields=["state", "ended_at", "generation"])
    return subscriber


def suppress(*, subscriber_id: int, reason: str) -> None:
    """Their mail server says that nothing can be delivered: stop trying, and keep why for staff to see."""
    Subscriber.objects.filter(pk=subscriber_id).exclude(state=SubscriberState.UNSUBSCRIBED).update(
        state=SubscriberState.SUPPRESSED, ended_at=clock.now(), suppressed_reason=reason
    )


def subscriber_of(*, token: str, lock: bool = False) -> Subscriber:
    """The confirmed subscriber whose own, current link this is; else NotFound."""
    signed = read_manage_token(token)
    subscriber = _locked(signed) if lock else _read(signed)
    if signed is None or subscriber is None:
        raise NotFound(NOT_OURS)
    if subscriber.generation != signed.generation or not subscriber.is_confirmed:
        raise NotFound("This link does not work any more, as the subscription has ended. You can subscribe again.")
    return subscriber


def subscriber_who_may_leave(*, token: str) -> Subscriber:
    """Whom `unsubscribe` would take out with this link, however old; else NotFound. Changes nothing."""
    subscriber = _read(read_manage_token(token))
    if subscriber is None:
        raise NotFound(NOT_OURS)
    return subscriber


def subscriber_to_confirm(*, token: str) -> Subscriber:
    """Whom `confirm` would take in with this link; else NotFound. Changes nothing."""
    signed = read_confirm_token(token)
    subscriber = _read(signed)
    if signed is None or subscriber is None or subscriber.generation != signed.generation:
        raise NotFound(TOO_OLD)
    return subscriber


def _read(signed: SignedFor | None) -> Subscriber | None:
    return None if signed is None else Subscriber.objects.filter(public_id=signed.public_id).first()


def _locked(signed: SignedFor | None) -> Subscriber | None:
    if signed is None:
        return None
    return Subscriber.objects.select_for_update().filter(public_id=signed.public_id).first()


def _may_write_to(subscriber: Subscriber) -> bool:
    """Nobody's mailbox is filled by strangers: few letters a day, and never a second while one is waiting."""
    letters = Delivery.objects.filter(subscriber=subscriber).exclude(purpose=Purpose.NOTICE)
    if letters.pending().exists():
        return False
    recent = letters.filter(created_at__gt=clock.now() - LETTERS_AN_ADDRESS_PER).count()
    return recent < LETTERS_AN_ADDRESS
