"""Who is told, and the ledger of who was."""

from subscriptions.models.bounces import SoftBounce
from subscriptions.models.customer import Customer, CustomerQuerySet
from subscriptions.models.delivery import Delivery, DeliveryCount, DeliveryQuerySet, PostedMessage, Redelivery
from subscriptions.models.importing import SubscriberImport
from subscriptions.models.subscriber import (
    ADDRESS_LENGTH,
    ERROR_LENGTH,
    MAIL_ADDRESS_LENGTH,
    Subscriber,
    SubscriberQuerySet,
    SubscriptionRequest,
    WebhookSecret,
)
from subscriptions.models.target import Target

__all__ = [
    "ADDRESS_LENGTH",
    "ERROR_LENGTH",
    "MAIL_ADDRESS_LENGTH",
    "Customer",
    "CustomerQuerySet",
    "Delivery",
    "DeliveryCount",
    "DeliveryQuerySet",
    "PostedMessage",
    "Redelivery",
    "SoftBounce",
    "Subscriber",
    "SubscriberImport",
    "SubscriberQuerySet",
    "SubscriptionRequest",
    "Target",
    "WebhookSecret",
]
