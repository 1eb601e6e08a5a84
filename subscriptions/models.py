"""Who is told, and the ledger of who was.

A message is a row before it is sent: `Delivery` is outbox and ledger in one, and its `next_attempt_at` is the only
schedule there is. A sender takes a batch by moving that moment to the end of its lease; whatever it has not recorded
by then is due again for the next one.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q

from components.models import Component
from incidents.models import Notice
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id
from subscriptions.enums import Channel, DeliveryState, Event, Purpose, SubscriberState

ADDRESS_LENGTH = 320
ERROR_LENGTH = 500


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def confirmed(self) -> "SubscriberQuerySet":
        return self.filter(state=SubscriberState.CONFIRMED)

    def wanting_event(self, event: Event) -> "SubscriberQuerySet":
        return self.filter(**{f"wants_{event.value}": True})

    def wanting_any_of(self, component_ids: Collection[int]) -> "SubscriberQuerySet":
        """Those who chose one of these components, or chose none and so hear of everything."""
        chosen = Subscriber.components.through.objects.filter(subscriber=OuterRef("pk"))
        return self.filter(~Exists(chosen) | Exists(chosen.filter(component__in=component_ids)))


class Subscriber(models.Model):
    """One address on one channel. No components means everything. Only `subscriptions.services` changes its state.

    `generation` is part of every signed link: raising it makes all earlier links useless.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    channel = models.CharField(max_length=16, choices=Channel, default=Channel.EMAIL)
    address = models.CharField(max_length=ADDRESS_LENGTH)
    state = models.CharField(max_length=16, choices=SubscriberState, default=SubscriberState.PENDING)
    components = models.ManyToManyField(Component, blank=True, related_name="subscribers")
    wants_incidents = models.BooleanField(default=True)
    wants_maintenance = models.BooleanField(default=True)
    wants_postmortems = models.BooleanField(default=True)
    generation = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    suppressed_reason = models.CharField(max_length=ERROR_LENGTH, blank=True, editable=False)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "address"], name="one_subscriber_an_address"),
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="subscriber_channel_is_known"),
            models.CheckConstraint(condition=Q(state__in=SubscriberState.values), name="subscriber_state_is_known"),
            models.CheckConstraint(
                condition=~Q(state=SubscriberState.CONFIRMED) | Q(confirmed_at__isnull=False),
                name="confirmed_at_goes_with_confirmed",
            ),
        ]
        indexes = [models.Index(fields=["state", "created_at"], name="subscribers_by_state")]

    def __str__(self) -> str:
        return self.address

    @property
    def is_confirmed(self) -> bool:
        return self.state == SubscriberState.CONFIRMED


class SubscriptionRequest(models.Model):
    """Somebody typed an address. The request writes this and nothing else, so that it says nothing about the address:
    same answer, same work, whether we know it or not. The sweep makes of it what is right, then deletes it.
    """

    channel = models.CharField(max_length=16, choices=Channel, default=Channel.EMAIL)
    address = models.CharField(max_length=ADDRESS_LENGTH)
    component_ids = models.JSONField(default=list)
    events = models.JSONField(default=list)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.address


class CustomerQuerySet(models.QuerySet["Customer"]):
    def listed(self) -> "CustomerQuerySet":
        return self.filter(removed_at__isnull=True)

    def reachable(self) -> "CustomerQuerySet":
        """Those a mail to all customers goes to."""
        return self.listed().filter(suppressed_at__isnull=True)


class Customer(models.Model):
    """Somebody who pays us, mailed when it is very serious. The list comes from outside and is apart from subscribers:
    nobody subscribes to it or leaves it. Who was taken off keeps a row, so that the ledger stays true.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    email = models.CharField(max_length=ADDRESS_LENGTH, unique=True)
    name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)
    suppressed_at = models.DateTimeField(null=True, blank=True, editable=False)
    suppressed_reason = models.CharField(max_length=ERROR_LENGTH, blank=True, editable=False)

    objects = CustomerQuerySet.as_manager()

    class Meta:
        ordering = ["email"]

    def __str__(self) -> str:
        return self.email

    @property
    def is_reachable(self) -> bool:
        return self.removed_at is None and self.suppressed_at is None


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def pending(self) -> "DeliveryQuerySet":
        return self.filter(state=DeliveryState.PENDING)

    def due(self, now: datetime) -> "DeliveryQuerySet":
        """To be sent now, the longest waiting first; not what another sender holds a lease on."""
        return self.pending().filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")

    def held(self, lease: str, ids: Iterable[int]) -> "DeliveryQuerySet":
        """Those of these rows that this lease still holds: only they may be written by its sender."""
        return self.pending().filter(lease=lease, pk__in=ids)


class Delivery(models.Model):
    """One message to one subscriber or one customer: waiting, sent or given up. At most one a notice and recipient."""

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
                fields=["next_attempt_at", "id"],
                condition=Q(state=DeliveryState.PENDING),
                name="deliveries_waiting",
            ),
            models.Index(fields=["created_at"], name="deliveries_by_age"),
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
        # Who has confirmed is not asked to; who left since the notice was fanned out hears of it no more.
        return self.subscriber.is_confirmed is not (self.purpose == Purpose.CONFIRMATION)

    def age(self, now: datetime) -> timedelta:
        return now - self.created_at
