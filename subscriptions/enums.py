"""The words of subscriptions and deliveries."""

from django.db import models


class Channel(models.TextChoices):
    EMAIL = "email", "Email"
    WEBHOOK = "webhook", "Webhook"
    SLACK = "slack", "Slack"
    TEAMS = "teams", "Microsoft Teams"
    DISCORD = "discord", "Discord"
    APPRISE = "apprise", "Operator's own"


class Origin(models.TextChoices):
    """How somebody came to be a subscriber."""

    PUBLIC = "public", "Subscribed"
    STAFF = "staff", "Added by staff"
    IMPORTED = "import", "Imported"
    CONFIGURED = "config", "Configuration file"


class SubscriberState(models.TextChoices):
    PENDING = "pending", "Waiting for confirmation"
    CONFIRMED = "confirmed", "Confirmed"
    UNSUBSCRIBED = "unsubscribed", "Unsubscribed"
    SUPPRESSED = "suppressed", "Suppressed"
    QUARANTINED = "quarantined", "Quarantined"


class Event(models.TextChoices):
    """What a subscriber may want to hear of. A notice's kind begins with the singular: `incident.created`."""

    INCIDENTS = "incidents", "Incidents"
    MAINTENANCE = "maintenance", "Maintenance"
    POSTMORTEMS = "postmortems", "Postmortems"
    COMPONENTS = "components", "Component changes"
    REPORTS = "reports", "Monthly reports"


class Purpose(models.TextChoices):
    NOTICE = "notice", "Notice"
    CONFIRMATION = "confirmation", "Please confirm"
    REMINDER = "reminder", "You are subscribed already"
    LINK = "link", "A fresh link"
    TEST = "test", "Test message"
    QUARANTINED = "quarantined", "Your webhook was stopped"


class Priority(models.IntegerChoices):
    """What goes first: nothing that can wait stands before news of an outage."""

    NEWS = 0, "News of an incident"
    LETTER = 1, "Letter about a subscription"
    MAINTENANCE = 2, "Maintenance"
    POSTMORTEM = 3, "Postmortem"
    REPORT = 4, "Monthly report"


class DeliveryState(models.TextChoices):
    PENDING = "pending", "Waiting"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"
    SUPPRESSED = "suppressed", "Not sent: no longer subscribed"


class ImportState(models.TextChoices):
    CHECKED = "checked", "Tried out, nothing written"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
