"""The ledger of who was told.

A message is a row before it is sent: `Delivery` is outbox and ledger in one, and its `next_attempt_at` is the only
schedule there is. A sender takes a batch by moving that moment to the end of its lease; whatever it has not recorded
by then is due again for the next one.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from incidents.models import Notice
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH
from subscriptions.enums import Channel, DeliveryState, Priority, Purpose
from subscriptions.models.customer import Customer
from subscriptions.models.subscriber import ERROR_LENGTH, Subscriber


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def pending(self) -> "DeliveryQuerySet":
        return self.filter(state=DeliveryState.PENDING)

    def due(self, now: datetime) -> "DeliveryQuerySet":
        """To be sent now, the most urgent first and then the longest waiting; not what another sender holds."""
        return self.pending().filter(next_attempt_at__lte=now).order_by("priority", "next_attempt_at", "pk")

    def held(self, lease: str, ids: Iterable[int]) -> "DeliveryQuerySet":
        """Those of these rows that this lease still holds: only they may be written by its sender."""
        return self.pending().filter(lease=lease, pk__in=ids)


class Delivery(models.Model):
    """One message to one subscriber or one customer: waiting, sent or given up. At most one a notice and recipient.

    `channel` is the way it goes: the subscriber's, but a letter about a URL goes by mail to its contact. `priority`
    0 is the most urgent (`subscriptions.enums.Priority`). `status_code` is the last answer of an HTTP server.
    """

    channel = models.CharField(max_length=16, choices=Channel, default=Channel.EMAIL)
    priority = models.PositiveSmallIntegerField(choices=Priority, default=Priority.LETTER)
    host = models.CharField(max_length=255, blank=True)
    purpose = models.CharField(max_length=16, choices=Purpose, default=Purpose.NOTICE)
    notice = models.ForeignKey(
        Notice,
        null=True,
        on_delete=models.CASCADE,
        related_name="deliveries",
        db_index=False,  # the unique constraint begins with it
    )
    subscriber = models.ForeignKey(Subscriber, null=True, on_delete=models.CASCADE, related_name="deliveries")
    customer = models.ForeignKey(Customer, null=True, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=16, choices=DeliveryState, default=DeliveryState.PENDING)
    attempts = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=clock.now)
    lease = models.CharField(max_length=PUBLIC_ID_LENGTH, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    repeats = models.PositiveSmallIntegerField(default=0, help_text="How often staff had it sent again.")
    last_error = models.CharField(max_length=ERROR_LENGTH, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["notice", "subscriber"], name="one_delivery_a_notice_and_subscriber"),
            models.UniqueConstraint(fields=["notice", "customer"], name="one_delivery_a_notice_and_customer"),
            models.CheckConstraint(
                condition=Q(subscriber__isnull=False, customer__isnull=True)
                | Q(subscriber__isnull=True, customer__isnull=False, purpose=Purpose.NOTICE),
                name="delivery_has_one_recipient",
            ),
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="delivery_purpose_is_known"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_is_known"),
            models.CheckConstraint(
                condition=Q(purpose=Purpose.NOTICE, notice__isnull=False)
                | (~Q(purpose=Purpose.NOTICE) & Q(notice__isnull=True)),
                name="delivery_notice_goes_with_purpose",
            ),
        ]
        indexes = [
            models.Index(
                fields=["channel", "priority", "next_attempt_at", "id"],
                condition=Q(state=DeliveryState.PENDING),
                name="deliveries_waiting",
            ),
            models.Index(fields=["created_at"], name="deliveries_by_age"),
            # What came to an end lately: how fast it goes, and how much of it fails.
            models.Index(fields=["sent_at"], condition=Q(state=DeliveryState.SENT), name="deliveries_sent"),
            models.Index(
                fields=["next_attempt_at"], condition=Q(state=DeliveryState.FAILED), name="deliveries_failed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} to {self.subscriber_id or f'customer {self.customer_id}'}: {self.state}"

    @property
    def is_wanted(self) -> bool:
        """Whether its recipient is still to get it. They must be loaded with it."""
        if self.customer is not None:
            return self.customer.is_reachable
        if self.subscriber is None:
            return False
        if self.purpose in {Purpose.TEST, Purpose.QUARANTINED, Purpose.LINK}:
            return self.subscriber.is_current
        if self.purpose == Purpose.NOTICE and self.subscriber.is_paused(clock.now()):
            return False
        # Who has confirmed is not asked to; who left since the notice was fanned out hears of it no more.
        return self.subscriber.is_confirmed is not (self.purpose == Purpose.CONFIRMATION)

    def age(self, now: datetime) -> timedelta:
        """For how long it has been tried. What was sent again by hand is as old as that: a query for these alone."""
        since = self.created_at
        if self.repeats:
            since = self.redeliveries.order_by("-at").values_list("at", flat=True).first() or since
        return now - since


class Redelivery(models.Model):
    """Staff, or the owner of a webhook, had one message sent again: who and why."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="redeliveries")
    by = models.CharField(max_length=150)
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-at", "-pk"]
        verbose_name_plural = "redeliveries"

    def __str__(self) -> str:
        return f"delivery {self.delivery_id} again, by {self.by}"


class DeliveryCount(models.Model):
    """How many deliveries of a notice came to an end in which way, once the rows themselves are forgotten."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="delivery_counts", db_index=False)
    channel = models.CharField(max_length=16, choices=Channel)
    state = models.CharField(max_length=16, choices=DeliveryState)
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notice", "channel", "state"], name="one_count_a_notice_channel_and_state")
        ]

    def __str__(self) -> str:
        return f"notice {self.notice_id}: {self.count} {self.state} by {self.channel}"


class PostedMessage(models.Model):
    """The message in a chat that is kept up to date about one incident or window, where the service allows it."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="posted", db_index=False)
    thread = models.CharField(max_length=60)  # as `subscriptions.said.words.Words.thread`
    remote_id = models.CharField(max_length=100)
    posted_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscriber", "thread"], name="one_message_a_thread")]

    def __str__(self) -> str:
        return f"{self.thread} for subscriber {self.subscriber_id}"
