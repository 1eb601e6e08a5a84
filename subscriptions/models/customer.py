"""The list of customers, which comes from outside."""

from django.db import models

from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id
from subscriptions.models.subscriber import ERROR_LENGTH, MAIL_ADDRESS_LENGTH


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
    email = models.CharField(max_length=MAIL_ADDRESS_LENGTH, unique=True)
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
