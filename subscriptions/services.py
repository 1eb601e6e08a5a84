"""Coming and leaving. Nothing is mailed from here: a mail is a `Delivery` row that the sweep finds.

`subscribe` only writes down what was asked, with the same work for every address; `accept_requests` makes of it what
is right. Only the owner of the mailbox, by the link in our mail, confirms, changes the choice (`managing`) or leaves.

Errors: `ValidationFailed` (address), `RateLimited` (too many from one IP address), `NotFound` (a link that is forged,
expired or was made useless by leaving), and of those `OldLink` (it was good once: a fresh one can be had).
"""

from datetime import timedelta

from django.db import transaction

from incidents.one_by_one import one_by_one
from statuspage.core import clock, rate_limit
from statuspage.core.client_address import neighbourhood
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import NotFound, RateLimited
from statuspage.core.mail_addresses import normalise_address
from subscriptions import caps, webhook_asking
from subscriptions.choices import Choice, add_follow, apply_choice
from subscriptions.enums import Channel, Priority, Purpose, SubscriberState
from subscriptions.links import (
    MANAGE_LIFETIME,
    SignedFor,
    is_fresh,
    read_confirm_token,
    read_leave_token,
    read_manage_token,
)
from subscriptions.models import Delivery, Subscriber, SubscriptionRequest
from subscriptions.ways import CHATS, host_in, way_of_letters

REQUESTS_AN_IP = 20
REQUESTS_AN_IP_PER = timedelta(hours=1)
EVERYTHING = Choice()
NOT_OURS = "This link is not one of ours: copy the whole of it from the mail."
DELETED = "This subscription was deleted: nothing more is sent, and there is nothing left to change."
TOO_OLD = "This link does not work any more: it is good for seven days. Subscribe again for a new one."
ENDED = "This link does not work any more, as the subscription has ended. You can subscribe again."


class OldLink(NotFound):
    """It is theirs, but too old to change anything with."""


def subscribe(*, email: object, ip: str, choice: Choice = EVERYTHING) -> SubscriptionRequest:
    """Write down that somebody asks for mail at this address. One query, whoever the address belongs to."""
    address = normalise_address(email)
    check_rate(ip)
    return SubscriptionRequest.objects.create(address=address, choice=choice.as_json())


def check_rate(ip: str) -> None:
    """Count one more request from this neighbourhood. Raises RateLimited."""
    if not rate_limit.allow(f"subscribe:{neighbourhood(ip)}", limit=REQUESTS_AN_IP, per=REQUESTS_AN_IP_PER):
        raise RateLimited(
            "Too many subscriptions were asked for from your network. Try again in an hour.",
            retry_after_seconds=int(REQUESTS_AN_IP_PER.total_seconds()),
        )


def accept_requests(*, limit: int = 500) -> int:
    """Turn what was asked into subscribers and letters, oldest first, as far as the letters of this hour reach.

    Returns how many were dealt with; the others wait.
    """
    requests = list(SubscriptionRequest.objects.only("pk")[:limit])
    if not requests:
        return 0
    room = caps.letters_left()
    # Each request makes one letter at most.
    accepted = one_by_one(requests[:room], _accept)
    caps.tell_of_waiting(SubscriptionRequest.objects.count() if room < len(requests) else 0)
    return accepted


@retry_on_conflict
@transaction.atomic
def _accept(asked: SubscriptionRequest) -> bool:
    request = SubscriptionRequest.objects.select_for_update(skip_locked=True).filter(pk=asked.pk).first()
    if request is None:
        return False
    made, is_new = Subscriber.objects.get_or_create(
        channel=request.channel,
        address=request.address,
        defaults={"host": host_in(request.channel, request.address)},
    )
    subscriber = Subscriber.objects.select_for_update().get(pk=made.pk)
    if subscriber.channel == Channel.WEBHOOK:
        webhook_asking.accept(request, subscriber)
        request.delete()
        return True
    # A channel that was stopped comes back as it was: whoever asks for it changes nothing.
    if not subscriber.is_current:
        _propose(subscriber, Choice.from_json(request.choice), is_new=is_new)
    write_letter(subscriber, Purpose.REMINDER if subscriber.is_confirmed else Purpose.CONFIRMATION)
    request.delete()
    return True


def _propose(subscriber: Subscriber, choice: Choice, *, is_new: bool) -> None:
    """A stranger may ask in somebody's name, so this is a proposal: the owner sees it before it counts.

    Somebody who waits for their letter and asks about one incident meanwhile is asked about both. Of a subscription
    that has ended nothing comes back: nor do staff bring back what was only proposed, by lifting a suppression.
    """
    if subscriber.state == SubscriberState.PENDING and choice.is_one_incident and not is_new:
        add_follow(subscriber, choice.follows_id)
        return
    if subscriber.state != SubscriberState.PENDING:
        subscriber.follows.clear()
    if subscriber.state == SubscriberState.SUPPRESSED:
        subscriber.confirmed_at = None
        subscriber.save(update_fields=["confirmed_at"])
    apply_choice(subscriber, choice)


def write_letter(subscriber: Subscriber, purpose: Purpose) -> bool:
    """A mail, or a message in the chat, about the subscription itself, if it may get another one now.

    Returns whether.
    """
    if not caps.may_write_to(subscriber):
        return False
    _write(subscriber, purpose)
    return True


def _write(subscriber: Subscriber, purpose: Purpose) -> None:
    channel, host = way_of_letters(subscriber)
    Delivery.objects.create(
        subscriber=subscriber, channel=channel, host=host, priority=Priority.LETTER, purpose=purpose
    )


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
    subscriber.ended_at = subscriber.paused_at = subscriber.paused_until = subscriber.failing_since = None
    subscriber.suppressed_reason = ""
    fields = ["state", "confirmed_at", "ended_at", "paused_at", "paused_until", "failing_since", "suppressed_reason"]
    subscriber.save(update_fields=fields)
    if subscriber.channel in CHATS:
        # All who read the channel are told, and not only who pressed the button.
        _write(subscriber, Purpose.REMINDER)
    return subscriber


@retry_on_conflict
@transaction.atomic
def unsubscribe(*, token: str) -> Subscriber:
    """Leave. Good with the link of any mail we ever sent, however old: leaving must always work (RFC 8058).

    It raises the generation, so that every earlier link is useless for anything but leaving.
    """
    signed = read_leave_token(token)
    subscriber = _locked(signed)
    if subscriber is None:
        raise NotFound(DELETED if signed else NOT_OURS)
    if subscriber.is_current:
        end(subscriber)
    return subscriber


def end(subscriber: Subscriber) -> None:
    """Take out who is locked by the caller's transaction."""
    subscriber.state = SubscriberState.UNSUBSCRIBED
    subscriber.ended_at = clock.now()
    subscriber.generation += 1
    subscriber.save(update_fields=["state", "ended_at", "generation"])
    subscriber.follows.clear()


def suppress(*, subscriber_id: int, reason: str) -> None:
    """Their mail server says that nothing can be delivered: stop trying, and keep why for staff to see."""
    Subscriber.objects.filter(pk=subscriber_id).exclude(state=SubscriberState.UNSUBSCRIBED).update(
        state=SubscriberState.SUPPRESSED, ended_at=clock.now(), suppressed_reason=reason
    )


def subscriber_of(*, token: str, lock: bool = False) -> Subscriber:
    """The subscriber whose own, current link this is, on any channel.

    Raises OldLink after 90 days, and NotFound for what is forged or of a subscription that has ended.
    """
    subscriber = subscriber_of_any_age(token=token, lock=lock)
    if not is_fresh(token):
        raise OldLink(f"This link is older than {MANAGE_LIFETIME.days} days: others may have found it since.")
    return subscriber


def subscriber_of_any_age(*, token: str, lock: bool = False) -> Subscriber:
    """The same with a link of any age: enough to have a fresh one sent to the address itself, and for no more."""
    signed = read_manage_token(token)
    subscriber = _locked(signed) if lock else _read(signed)
    if signed is None or subscriber is None:
        raise NotFound(DELETED if signed else NOT_OURS)
    if subscriber.generation != signed.generation or not subscriber.is_current:
        raise NotFound(ENDED)
    return subscriber


def subscriber_who_may_leave(*, token: str) -> Subscriber:
    """Whom `unsubscribe` would take out with this link, however old; else NotFound. Changes nothing."""
    signed = read_leave_token(token)
    subscriber = _read(signed)
    if subscriber is None:
        raise NotFound(DELETED if signed else NOT_OURS)
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
