"""From deliveries to messages that can be posted without another query."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import Q

from components.models import Page
from incidents.models import Notice
from incidents.notices_page import page_payload
from statuspage.core import clock
from subscriptions import links
from subscriptions.enums import Channel, DeliveryState, Purpose
from subscriptions.hooks import FORMATS, HookMessage
from subscriptions.languages import Reader, reader_of
from subscriptions.ledger import Batch
from subscriptions.models import Delivery, PostedMessage, Subscriber, WebhookSecret
from subscriptions.rendering import letterhead, words_of
from subscriptions.said.words import Words
from subscriptions.senders.posting import Job, Posted

logger = logging.getLogger(__name__)

type Payload = Mapping[str, Any]
type Thread = tuple[int, str]  # subscriber, and `Words.thread`


class MessageWriter:
    """For one run of a sender: what is written in the database is looked at anew for the next one."""

    def __init__(self) -> None:
        self._words: dict[tuple[int, Reader], tuple[Payload, Words]] = {}
        self._remote_ids: dict[Thread, str] = {}

    def jobs_of(self, batch: Batch, deliveries: Sequence[Delivery]) -> tuple[list[Job], list[Delivery]]:
        """In the same order, and beside them what could not be written. At most five queries, however many."""
        notices = Notice.objects.in_bulk({one.notice_id for one in deliveries if one.notice_id})
        subscribers = [one.subscriber for one in deliveries if one.subscriber is not None]
        secrets = _secrets_of(subscribers)
        page = page_payload(Page.current()) if any(one.notice_id is None for one in deliveries) else {}
        jobs, broken = [], []
        for delivery in deliveries:
            try:
                notice = notices[delivery.notice_id] if delivery.notice_id else None
                message = self._message(delivery, notice, notice.payload["page"] if notice else page)
            except Exception:
                # One message that cannot be written holds up no other.
                logger.exception("delivery %d could not be written", delivery.pk)
                broken.append(delivery)
                continue
            message = replace(message, secrets=secrets.get(message.subscriber.pk, ()))
            jobs.append(Job(batch=batch, message=message, format=FORMATS[Channel(delivery.channel)]))
        self._read_remote_ids(jobs)
        return jobs, broken

    def up_to_date(self, job: Job) -> Job:
        """With the id of the message that an earlier one of its thread has become meanwhile."""
        posted_id = self._remote_ids.get(thread_of(job.message), "")
        return replace(job, message=replace(job.message, posted_id=posted_id)) if posted_id else job

    def note_remote_ids(self, accepted: Sequence[Posted]) -> None:
        for posted in accepted:
            if posted.answer.remote_id:
                self._remote_ids[thread_of(posted.job.message)] = posted.answer.remote_id

    def _message(self, delivery: Delivery, notice: Notice | None, page: Mapping[str, str]) -> HookMessage:
        subscriber = delivery.subscriber
        if subscriber is None:
            raise ValueError("it is to a customer, and these get mail alone")
        head = letterhead(page["name"], page["url"])
        confirm = ""
        if delivery.purpose == Purpose.CONFIRMATION:
            confirm = head.url + links.confirm_path(links.confirm_token(subscriber))
        return HookMessage(
            delivery=delivery,
            subscriber=subscriber,
            notice=notice,
            words=self._words_of(notice, subscriber),
            manage_url=head.url + links.manage_path(links.manage_token(subscriber)),
            unsubscribe_url=head.url + links.unsubscribe_path(links.leave_token(subscriber)),
            confirm_url=confirm,
            page_name=head.name,
            page_url=head.url,
            page=page,
            at=clock.now(),
            is_late=_is_late(delivery, notice),
        )

    def _words_of(self, notice: Notice | None, subscriber: Subscriber) -> Words | None:
        if notice is None or subscriber.channel == Channel.WEBHOOK:
            return None
        key = (notice.pk, reader_of(subscriber))
        payload, words = self._words.get(key, (None, None))
        # A run goes on for minutes, and meanwhile an incident may become private: then its notice says less.
        if words is None or payload != notice.payload:
            words = words_of(notice, key[1])
            self._words[key] = (notice.payload, words)
        return words

    def _read_remote_ids(self, jobs: Sequence[Job]) -> None:
        chats = {job.receiver for job in jobs if job.message.words}
        if chats:
            rows = PostedMessage.objects.filter(subscriber__in=chats)
            for subscriber_id, thread, remote_id in rows.values_list("subscriber", "thread", "remote_id"):
                self._remote_ids.setdefault((subscriber_id, thread), remote_id)


def _is_late(delivery: Delivery, notice: Notice | None) -> bool:
    """Whether its receiver heard a later word about the same thing already. A query only for what was tried before."""
    if notice is None or not delivery.attempts or delivery.channel == Channel.WEBHOOK:
        return False
    about = Q(notice__incident=notice.incident_id, notice__maintenance=notice.maintenance_id)
    sent = Delivery.objects.filter(about, subscriber=delivery.subscriber_id, state=DeliveryState.SENT)
    return sent.filter(notice__gt=notice.pk).exists()


def thread_of(message: HookMessage) -> Thread:
    return message.subscriber.pk, message.words.thread if message.words else ""


def _secrets_of(subscribers: Sequence[Subscriber]) -> dict[int, tuple[str, ...]]:
    """Those that are still good, the newest first."""
    webhooks = [subscriber.pk for subscriber in subscribers if subscriber.channel == Channel.WEBHOOK]
    if not webhooks:
        return {}
    good = WebhookSecret.objects.filter(Q(retires_at__isnull=True) | Q(retires_at__gt=clock.now()))
    found: dict[int, tuple[str, ...]] = {}
    for subscriber_id, secret in good.filter(subscriber__in=webhooks).values_list("subscriber", "secret"):
        found[subscriber_id] = (*found.get(subscriber_id, ()), secret)
    return found
