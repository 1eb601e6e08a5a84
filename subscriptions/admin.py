"""Subscribers and the ledger in the console. Coming and choosing are the reader's own affair."""

from subscriptions.admin_customer_mails import CustomerMailAdmin
from subscriptions.admin_customers import CustomerAdmin
from subscriptions.admin_deliveries import DeliveryAdmin
from subscriptions.admin_imports import SubscriberImportAdmin
from subscriptions.admin_notices import NoticeAdmin
from subscriptions.admin_subscribers import SubscriberAdmin
from subscriptions.admin_targets import TargetAdmin

__all__ = [
    "CustomerAdmin",
    "CustomerMailAdmin",
    "DeliveryAdmin",
    "NoticeAdmin",
    "SubscriberAdmin",
    "SubscriberImportAdmin",
    "TargetAdmin",
]
