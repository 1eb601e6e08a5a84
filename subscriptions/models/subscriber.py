"""Who is told, and on which channel."""

from collections.abc import Collection
from datetime import datetime
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Exists, OuterRef, Q

from components.models import Component, Group
from incidents.models import Incident, SeverityPolicy
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id
from subscriptions.enums import Channel, Event, Origin, SubscriberState

# A URL; PostgreSQL's unique index takes rows of 2,700 bytes.
ADDRESS_LENGTH = 2000
MAIL_ADDRESS_LENGTH = 320
ERROR_LENGTH = 500


def masked(address: str) -> str:
    """A mail address or a name as it is. Of a URL, which is a key, its host and its end, to tell it from others."""
    host = urlsplit(address).netloc.rpartition("@")[2] if "://" in address else ""
    return f"{host}/…{address[-4:]}" if host else address


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def confirmed(self) -> "SubscriberQuerySet":
        return self.filter(state=SubscriberState.CONFIRMED)

    def not_paused(self, now: datetime) -> "SubscriberQuerySet":
        return self.filter(Q(paused_at__isnull=True) | Q(paused_until__lte=now))

    def wanting_event(self, event: Event) -> "SubscriberQuerySet":
        return self.filter(**{f"wants_{event.value}": True})

    def wanting_severity(self, rank: int) -> "SubscriberQuerySet":
        """Those who hear of an incident as bad as this; 1 is the worst."""
        return self.filter(Q(minimum_severity__isnull=True) | Q(minimum_severity__rank__gte=rank))

    def wanting_any_of(self, component_ids: Collection[int]) -> "SubscriberQuerySet":
        """Those who chose one of these components, or chose none and so hear of everything."""
        chosen = Subscriber.components.through.objects.filter(subscriber=OuterRef("pk"))
        return self.filter(~Exists(chosen) | Exists(chosen.filter(component__in=component_ids)))


class Subscriber(models.Model):
    """One address on one channel. No components means everything. Only `subscriptions.services` changes its state.

    `address` is a mail address, or the URL that is posted to; of an operator's own target (`Channel.APPRISE`) the name
    of the environment's variable that holds its URL. `host` is the URL's, for limits by host. `contact_email` is told
    when a URL stops working. `generation` is part of every signed link: raising it makes all earlier links useless.
    Whoever wants none of the events hears only of what they follow.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    channel = models.CharField(max_length=16, choices=Channel, default=Channel.EMAIL)
    address = models.CharField(max_length=ADDRESS_LENGTH)
    host = models.CharField(max_length=255, blank=True, editable=False)
    name = models.CharField(max_length=200, blank=True, help_text="For staff: whose or what this is.")
    contact_email = models.CharField(max_length=MAIL_ADDRESS_LENGTH, blank=True)
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.PUBLIC, editable=False)
    state = models.CharField(max_length=16, choices=SubscriberState, default=SubscriberState.PENDING)
    components = models.ManyToManyField(Component, blank=True, related_name="subscribers")
    groups = models.ManyToManyField(
        Group, blank=True, related_name="subscribers", help_text="What is added to these is chosen with them."
    )
    wants_incidents = models.BooleanField(default=True)
    wants_maintenance = models.BooleanField(default=True)
    wants_postmortems = models.BooleanField(default=True)
    wants_components = models.BooleanField(default=False)
    wants_reports = models.BooleanField(default=False)
    wants_updates = models.BooleanField(default=True, help_text="Each update, not only the beginning and the end.")
    minimum_severity = models.ForeignKey(
        SeverityPolicy, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    follows = models.ManyToManyField(Incident, blank=True, related_name="followers")
    time_zone = models.CharField(max_length=64, blank=True, help_text="Of its mails; empty: the page's.")
    language = models.CharField(max_length=16, blank=True, help_text="Of its mails; empty: the page's.")
    generation = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    confirmed_at = models.DateTimeField(null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    suppressed_reason = models.CharField(max_length=ERROR_LENGTH, blank=True, editable=False)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    paused_until = models.DateTimeField(null=True, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)

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
        return masked(self.address)

    @property
    def is_confirmed(self) -> bool:
        return self.state == SubscriberState.CONFIRMED

    @property
    def is_current(self) -> bool:
        """Whether there is something to manage: confirmed, or stopped because its URL failed for days."""
        return self.state in {SubscriberState.CONFIRMED, SubscriberState.QUARANTINED}

    @property
    def only_follows(self) -> bool:
        """Whether they hear of nothing but the incidents they follow, each until it is over."""
        return not any(getattr(self, f"wants_{event.value}") for event in Event)

    def is_paused(self, now: datetime) -> bool:
        return self.paused_at is not None and (self.paused_until is None or self.paused_until > now)


class SubscriptionRequest(models.Model):
    """Somebody typed an address. The request writes this and nothing else, so that it says nothing about the address:
    same answer, same work, whether we know it or not. The sweep makes of it what is right, then deletes it.
    """

    channel = models.CharField(max_length=16, choices=Channel, default=Channel.EMAIL)
    address = models.CharField(max_length=ADDRESS_LENGTH)
    contact_email = models.CharField(max_length=MAIL_ADDRESS_LENGTH, blank=True)
    choice = models.JSONField(default=dict)  # as `subscriptions.choices.Choice.as_json` writes it
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return masked(self.address)


class WebhookSecret(models.Model):
    """What the messages to a webhook are signed with. While one retires, messages carry both signatures.

    Kept as it is, since signing needs it: only its owner sees it, once, and staff never.
    """

    subscriber = models.ForeignKey(Subscriber, on_delete=models.CASCADE, related_name="secrets")
    secret = models.CharField(max_length=100, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    retires_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"secret {self.pk} of subscriber {self.subscriber_id}"
