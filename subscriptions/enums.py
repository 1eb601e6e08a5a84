"""The words of subscriptions and deliveries."""

from django.db import models


class Channel(models.TextChoices):
    EMAIL = "email", "Email"


class SubscriberState(models.TextChoices):
    PENDING = "pending", "Waiting for confirmation"
    CONFIRMED = "confirmed", "Confirmed"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    SUPPRESSED = "suppressed", "Suppressed"


class Event(models.TextChoices):
    """What a subscriber may want to hear of. A notice's kind begins with the singular: `incident.created`."""

    INCIDENTS = "incidents", "Incidents"
    MAINTENANCE = "maintenance", "Maintenance"
    POSTMORTEMS = "postmortems", "Postmortems"


class Purpose(models.TextChoices):
    NOTICE = "notice", "Notice"
    CONFIRMATION = "confirmation", "Please confirm"
    REMINDER = "reminder", "You are subscribed already"


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Not sent: no longer subscribed"
