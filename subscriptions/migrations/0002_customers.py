"""The list of customers, kept apart from subscribers, and deliveries to them."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock
import statuspage.core.identifiers


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=statuspage.core.identifiers.new_public_id, editable=False, max_length=12, unique=True
                    ),
                ),
                ("email", models.CharField(max_length=320, unique=True)),
                ("name", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("removed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("suppressed_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("suppressed_reason", models.CharField(blank=True, editable=False, max_length=500)),
            ],
            options={
                "ordering": ["email"],
            },
        ),
        migrations.AlterField(
            model_name="delivery",
            name="subscriber",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="subscriptions.subscriber",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="customer",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="subscriptions.customer",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("notice", "customer"), name="one_delivery_a_notice_and_customer"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("customer__isnull", True), ("subscriber__isnull", False)),
                    models.Q(("customer__isnull", False), ("purpose", "notice"), ("subscriber__isnull", True)),
                    _connector="OR",
                ),
                name="delivery_has_one_recipient",
            ),
        ),
    ]
