"""Days on which a mail could not be delivered, for reasons that may pass."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0005_what_ended_lately"),
    ]

    operations = [
        migrations.CreateModel(
            name="SoftBounce",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                (
                    "customer",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="soft_bounces",
                        to="subscriptions.customer",
                    ),
                ),
                (
                    "subscriber",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="soft_bounces",
                        to="subscriptions.subscriber",
                    ),
                ),
            ],
            options={
                "ordering": ["-day", "-pk"],
                "constraints": [
                    models.UniqueConstraint(fields=("subscriber", "day"), name="one_soft_bounce_a_subscriber_and_day"),
                    models.UniqueConstraint(fields=("customer", "day"), name="one_soft_bounce_a_customer_and_day"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("customer__isnull", True), ("subscriber__isnull", False)),
                            models.Q(("customer__isnull", False), ("subscriber__isnull", True)),
                            _connector="OR",
                        ),
                        name="soft_bounce_has_one_recipient",
                    ),
                ],
            },
        ),
    ]
