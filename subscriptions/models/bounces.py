"""What mail servers said after they had taken a mail."""

from django.db import models
from django.db.models import Q

from subscriptions.models.customer import Customer
from subscriptions.models.subscriber import Subscriber


class SoftBounce(models.Model):
    """On this day (UTC) a mail could not be delivered, for a reason that may pass. Several on a day are one."""

    subscriber = models.ForeignKey(
        Subscriber, null=True, on_delete=models.CASCADE, related_name="soft_bounces", db_index=False
    )
    customer = models.ForeignKey(
        Customer, null=True, on_delete=models.CASCADE, related_name="soft_bounces", db_index=False
    )
    day = models.DateField()

    class Meta:
        ordering = ["-day", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "day"], name="one_soft_bounce_a_subscriber_and_day"),
            models.UniqueConstraint(fields=["customer", "day"], name="one_soft_bounce_a_customer_and_day"),
            models.CheckConstraint(
                condition=Q(subscriber__isnull=False, customer__isnull=True)
                | Q(subscriber__isnull=True, customer__isnull=False),
                name="soft_bounce_has_one_recipient",
            ),
        ]

    def __str__(self) -> str:
        return f"subscriber {self.subscriber_id} or customer {self.customer_id} on {self.day}"
