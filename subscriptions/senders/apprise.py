"""The operator's own targets, by Apprise: SMS, push messages, telephones and whatever else it knows.

A target's address is the name of an environment variable; the URL in it, which is a secret, is read when a message is
sent and stands nowhere else. While a variable is missing its messages wait, and say so; all others go on. Where one
variable has several URLs, a message is sent once one of them took it: nobody's telephone rings for days because that
of somebody else is broken.
"""

import logging
import re
import threading
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import ImproperlyConfigured

from incidents.models import Notice
from statuspage.core import clock, stopping
from statuspage.core.env import Env
from statuspage.core.mail_answers import GIVE_UP_AFTER
from subscriptions import ledger
from subscriptions.hooks.chat import headline
from subscriptions.languages import reader_of, speaking
from subscriptions.ledger import Batch, Failure, Tally
from subscriptions.models import Delivery, Subscriber
from subscriptions.rendering import letterhead, words_of
from subscriptions.said.words import Words
from subscriptions.short_text import SMS, long_text, short_text
from subscriptions.targets import is_variable

if TYPE_CHECKING:
    from apprise import Apprise

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 30.0
EXTEND_BELOW_SECONDS = 40.0
LADDER = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(minutes=30),
    timedelta(hours=1),
)
# What takes no more than two SMS is written to as to a telephone.
SMALL_SCREEN = 320
MOST_TEXT = 3000
KINDS = {"over": "success", "critical": "failure", "major": "failure", "minor": "warning"}
STATUS = re.compile(r"error[=: ]+(\d{3})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why nobody took a message. `blames` the variable: the next message to it will fare the same."""

    words: str
    blames: bool = False


def send_apprise(batch: Batch) -> Tally:
    """One message after the other; what could not be tried any more is given back."""
    sender = _Sender(batch)
    sender.send_all()
    return sender.tally


class _Sender:
    def __init__(self, batch: Batch) -> None:
        self.tally = Tally()
        self._batch = batch
        self._waiting = list(batch.deliveries)
        self._stop_at = time.monotonic() + ledger.SECONDS_A_BATCH

    def send_all(self) -> None:
        # Targets that all hang would hold the task for longer than it may live, and what is more urgent by now.
        while self._waiting and time.monotonic() < self._stop_at and not stopping.is_asked():
            if self._batch.seconds_left < EXTEND_BELOW_SECONDS:
                self._waiting = ledger.extend(self._batch, self._waiting)
                if not self._waiting:
                    return
            self._send(self._waiting.pop(0))
        self.tally.postponed += ledger.release(self._batch, self._waiting)

    def _send(self, delivery: Delivery) -> None:
        target = delivery.subscriber
        if target is None or not delivery.is_wanted:
            self.tally.suppressed += ledger.record_unwanted(self._batch, [delivery])
            return
        trouble = send_to(target, delivery.notice)
        if trouble is None:
            self.tally.sent += ledger.record_sent(self._batch.lease, [delivery.pk])
            return
        wait = wait_after(delivery)
        held = ledger.record_failure(self._batch.lease, delivery, Failure(words=trouble.words, wait=wait))
        if held and wait is None:
            self.tally.failed += 1
        elif held:
            self.tally.postponed += 1
        if trouble.blames:
            self._put_off(target, trouble)

    def _put_off(self, target: Subscriber, trouble: Trouble) -> None:
        same = [delivery for delivery in self._waiting if delivery.subscriber_id == target.pk]
        self._waiting = [delivery for delivery in self._waiting if delivery.subscriber_id != target.pk]
        self.tally.postponed += ledger.postpone(self._batch, same, wait=LADDER[0], words=trouble.words)


def wait_after(delivery: Delivery) -> timedelta | None:
    """Until the next try; none after five days."""
    if delivery.age(clock.now()) > GIVE_UP_AFTER:
        return None
    return LADDER[min(delivery.attempts, len(LADDER) - 1)]


def send_to(target: Subscriber, notice: Notice | None) -> Trouble | None:
    """Hand one message to whatever the variable names; a test without a notice. None: it was taken."""
    try:
        urls = _read_variable(target.address)
    except ImproperlyConfigured as error:
        return Trouble(words=str(error), blames=True)
    return _within_time(lambda: _notify(urls, target, notice))


def _read_variable(name: str) -> str:
    if not is_variable(name):
        raise ImproperlyConfigured(f"{name[:80]!r} is not the name of a variable that targets may have.")
    value = Env().text(name, "").strip()
    if not value:
        raise ImproperlyConfigured(
            f"The environment variable {name} is not set where the worker runs. Set it to an Apprise URL and start "
            "the worker again: this message waits."
        )
    return value


def _within_time(work: Any) -> Trouble | None:
    """Some of Apprise's services have no timeout of their own: a thread that hangs is left behind."""
    found: list[Trouble | None] = []

    def run() -> None:
        try:
            found.append(work())
        except Exception as error:  # noqa: BLE001 -- the edge of the worker: a plug-in raises what it likes
            # Its text may have the URL in it, so only the sort is told.
            logger.warning("a target failed: %s", type(error).__name__)
            found.append(Trouble(words=f"Apprise failed ({type(error).__name__}).", blames=True))

    thread = threading.Thread(target=run, name="apprise", daemon=True)
    thread.start()
    thread.join(TIMEOUT_SECONDS)
    if not found:
        return Trouble(words=f"No answer within {TIMEOUT_SECONDS:g} s.", blames=True)
    return found[0]


def _notify(urls: str, target: Subscriber, notice: Notice | None) -> Trouble | None:
    # Half a second and a hundred modules: only for who has a target.
    from apprise import Apprise, AppriseAsset, LogCapture

    page = notice.payload["page"] if notice else None
    head = letterhead(page["name"], page["url"]) if page else None
    services = Apprise(asset=AppriseAsset(app_id=head.name if head else "Status", async_mode=False))
    _quiet()
    if not services.add(urls) or not len(services):
        return Trouble(words=f"What {target.address} holds is no URL that Apprise knows.", blames=True)
    if notice is None or head is None:
        return _all(services, "Test", "This is a test. Nothing is broken.", "info")
    reader = reader_of(target)
    with speaking(reader.language):
        words = words_of(notice, reader)
    with LogCapture(level=logging.WARNING, name="apprise") as log:  # type: ignore[no-untyped-call]  # theirs
        taken = [_one(service, words, base=head.url) for service in services]
        codes = sorted(set(STATUS.findall(log.getvalue())))
    if any(taken):
        if not all(taken):
            logger.warning("%d of the %d URLs of %s took it", sum(taken), len(taken), target.address)
        return None
    return Trouble(words=f"It was not taken{f': answered with {", ".join(codes)}' if codes else ''}.", blames=True)


def _one(service: Any, words: Words, *, base: str) -> bool:
    """By the room that there is: the short form where it is a telephone's."""
    kind = KINDS.get(words.css, "info")
    if service.body_maxlen <= SMALL_SCREEN:
        text = short_text(words, limit=min(service.body_maxlen, SMS))
        return bool(service.notify(body=text, title="", notify_type=kind))
    title = headline(words)
    # Where there is no title it is put before the text.
    room = service.body_maxlen - (0 if service.title_maxlen else len(title) + 10)
    text = long_text(words, base=base, limit=min(room, MOST_TEXT))
    return bool(service.notify(body=text, title=title, notify_type=kind))


def _all(services: "Apprise", title: str, body: str, kind: str) -> Trouble | None:
    taken = [bool(service.notify(body=body, title=title, notify_type=kind)) for service in services]
    return None if any(taken) else Trouble(words="It was not taken.", blames=True)


def _quiet() -> None:
    """Apprise names URLs in its log, and the client that it uses names paths: nothing of it goes into ours."""
    logging.getLogger("apprise").propagate = False
    logging.getLogger("urllib3").setLevel(logging.WARNING)
