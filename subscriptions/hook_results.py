"""What the answer of a webhook or chat means for its subscriber, beyond the row of the message."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from django.db import InterfaceError, OperationalError

from statuspage.core import clock
from subscriptions import quarantine, webhooks
from subscriptions.enums import Channel, Purpose
from subscriptions.hooks import Answer, HookMessage, Verdict
from subscriptions.models import Delivery, PostedMessage

logger = logging.getLogger(__name__)

# After the first try, and each further one: contracts, "Webhooks out".
LADDER = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=10),
)
LONGEST_ASKED = timedelta(hours=10)
# Whoever pressed "send a test", or waits to be asked, looks at it now.
TRIES_OF_A_LETTER = 3


def wait_after(delivery: Delivery, answer: Answer) -> timedelta | None:
    """Until the next try; none if there is none. Not before the receiver asked for it."""
    if answer.verdict in {Verdict.REFUSED, Verdict.GONE}:
        return None
    step = delivery.attempts
    if step >= len(LADDER) or not _is_tried_again(delivery):
        return None
    return max(LADDER[step], min(answer.wait or timedelta(0), LONGEST_ASKED))


def answered(message: HookMessage, answer: Answer, *, is_final: bool) -> None:
    """What a question has brought, if it was one. Call it before the row of the message is written.

    Whoever dies in between asks again, which changes nothing more; the other way round nobody would ever know.
    """
    if answer.confirms:
        _beside(message, _confirmed, message)
    is_question = message.delivery.purpose == Purpose.CONFIRMATION and message.delivery.channel == Channel.WEBHOOK
    if is_question and is_final and answer.verdict is not Verdict.ACCEPTED:
        _beside(message, _not_confirmed, message)


def _confirmed(message: HookMessage) -> None:
    webhooks.confirmed_by_challenge(subscriber_id=message.subscriber.pk, generation=message.subscriber.generation)


def _not_confirmed(message: HookMessage) -> None:
    webhooks.not_confirmed_by_challenge(subscriber_id=message.subscriber.pk)


def accepted(answers: Sequence[tuple[HookMessage, Answer]]) -> None:
    """They were taken. One query, and one or two for each whose place in a chat is kept."""
    if answers:
        quarantine.note_success([message.subscriber.pk for message, _ in answers])
    for message, answer in answers:
        _beside(message, _accepted, message, answer)


def _accepted(message: HookMessage, answer: Answer) -> None:
    if answer.remote_id and message.words is not None:
        PostedMessage.objects.update_or_create(
            subscriber=message.subscriber,
            thread=message.words.thread,
            defaults={"remote_id": answer.remote_id, "posted_at": clock.now()},
        )


def failed(message: HookMessage, answer: Answer, *, is_ours: bool) -> None:
    """It was not taken. Our own trouble, and a test, are not held against the receiver."""
    if message.delivery.purpose == Purpose.NOTICE and not is_ours:
        _beside(message, _failed, message, answer)


def _failed(message: HookMessage, answer: Answer) -> None:
    quarantine.note_failure(
        subscriber_id=message.subscriber.pk,
        words=answer.words,
        tries=message.delivery.attempts + 1,
        is_gone=answer.verdict is Verdict.GONE,
    )


def _beside[**P](message: HookMessage, note: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
    """What becomes of one subscriber ends no run in which others are posted to: it may have been deleted meanwhile."""
    try:
        note(*args, **kwargs)
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        logger.exception("delivery %d: its answer could not be noted", message.delivery.pk)


def _is_tried_again(delivery: Delivery) -> bool:
    if delivery.purpose == Purpose.NOTICE:
        return True
    if delivery.channel != Channel.WEBHOOK and delivery.purpose != Purpose.TEST:
        return delivery.attempts + 1 < TRIES_OF_A_LETTER
    # Once: whoever asked for a test looks at it now, and a challenge without an answer becomes a mail.
    return False
