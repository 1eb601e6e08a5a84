"""Who is told: more channels, choices and the ledger that goes with them."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock
import statuspage.core.identifiers


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0005_home_url"),
        ("incidents", "0017_severity_of_a_notice"),
        ("subscriptions", "0003_forget_deliveries_to_customers"),
    ]

    operations = [
        migrations.CreateModel(
            name="DeliveryCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("email", "Email"),
                            ("webhook", "Webhook"),
                            ("slack", "Slack"),
                            ("teams", "Microsoft Teams"),
                            ("discord", "Discord"),
                            ("apprise", "Operator's own"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("suppressed", "Not sent: no longer subscribed"),
                        ],
                        max_length=16,
                    ),
                ),
                ("count", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="PostedMessage",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("thread", models.CharField(max_length=60)),
                ("remote_id", models.CharField(max_length=100)),
                ("posted_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
            ],
        ),
        migrations.CreateModel(
            name="Redelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("by", models.CharField(max_length=150)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
            ],
            options={
                "verbose_name_plural": "redeliveries",
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="SubscriberImport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.CharField(
                        default=statuspage.core.identifiers.new_public_id, editable=False, max_length=12, unique=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("checked", "Tried out, nothing written"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="checked",
                        max_length=16,
                    ),
                ),
                ("file_name", models.CharField(blank=True, max_length=200)),
                ("content", models.TextField(blank=True)),
                ("by", models.CharField(max_length=150)),
                ("reason", models.CharField(blank=True, help_text="Where and when they confirmed.", max_length=500)),
                ("total", models.PositiveIntegerField(default=0)),
                ("done", models.PositiveIntegerField(default=0)),
                ("added", models.PositiveIntegerField(default=0)),
                ("changed", models.PositiveIntegerField(default=0)),
                ("unchanged", models.PositiveIntegerField(default=0)),
                ("left_out", models.PositiveIntegerField(default=0)),
                ("skipped", models.JSONField(default=list)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("started_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("finished_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="WebhookSecret",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("secret", models.CharField(editable=False, max_length=100)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("retires_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_purpose_is_known",
        ),
        migrations.RemoveConstraint(
            model_name="subscriber",
            name="subscriber_channel_is_known",
        ),
        migrations.RemoveConstraint(
            model_name="subscriber",
            name="subscriber_state_is_known",
        ),
        migrations.RemoveIndex(
            model_name="delivery",
            name="deliveries_waiting",
        ),
        migrations.RemoveField(
            model_name="subscriptionrequest",
            name="component_ids",
        ),
        migrations.RemoveField(
            model_name="subscriptionrequest",
            name="events",
        ),
        migrations.AddField(
            model_name="delivery",
            name="channel",
            field=models.CharField(
                choices=[
                    ("email", "Email"),
                    ("webhook", "Webhook"),
                    ("slack", "Slack"),
                    ("teams", "Microsoft Teams"),
                    ("discord", "Discord"),
                    ("apprise", "Operator's own"),
                ],
                default="email",
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="host",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="delivery",
            name="priority",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (0, "News of an incident"),
                    (1, "Letter about a subscription"),
                    (2, "Maintenance"),
                    (3, "Postmortem"),
                    (4, "Monthly report"),
                ],
                default=1,
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="repeats",
            field=models.PositiveSmallIntegerField(default=0, help_text="How often staff had it sent again."),
        ),
        migrations.AddField(
            model_name="delivery",
            name="status_code",
            field=models.PositiveSmallIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="contact_email",
            field=models.CharField(blank=True, max_length=320),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="failing_since",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="follows",
            field=models.ManyToManyField(blank=True, related_name="followers", to="incidents.incident"),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="host",
            field=models.CharField(blank=True, editable=False, max_length=255),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="language",
            field=models.CharField(blank=True, help_text="Of its mails; empty: the page's.", max_length=16),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="minimum_severity",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="incidents.severitypolicy",
            ),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="name",
            field=models.CharField(blank=True, help_text="For staff: whose or what this is.", max_length=200),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="origin",
            field=models.CharField(
                choices=[
                    ("public", "Subscribed"),
                    ("staff", "Added by staff"),
                    ("import", "Imported"),
                    ("config", "Configuration file"),
                ],
                default="public",
                editable=False,
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="paused_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="paused_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="time_zone",
            field=models.CharField(blank=True, help_text="Of its mails; empty: the page's.", max_length=64),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="wants_components",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="wants_reports",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="subscriber",
            name="wants_updates",
            field=models.BooleanField(default=True, help_text="Each update, not only the beginning and the end."),
        ),
        migrations.AddField(
            model_name="subscriptionrequest",
            name="choice",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="subscriptionrequest",
            name="contact_email",
            field=models.CharField(blank=True, max_length=320),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="purpose",
            field=models.CharField(
                choices=[
                    ("notice", "Notice"),
                    ("confirmation", "Please confirm"),
                    ("reminder", "You are subscribed already"),
                    ("link", "A fresh link"),
                    ("test", "Test message"),
                    ("quarantined", "Your webhook was stopped"),
                ],
                default="notice",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="subscriber",
            name="address",
            field=models.CharField(max_length=2000),
        ),
        migrations.AlterField(
            model_name="subscriber",
            name="channel",
            field=models.CharField(
                choices=[
                    ("email", "Email"),
                    ("webhook", "Webhook"),
                    ("slack", "Slack"),
                    ("teams", "Microsoft Teams"),
                    ("discord", "Discord"),
                    ("apprise", "Operator's own"),
                ],
                default="email",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="subscriber",
            name="state",
            field=models.CharField(
                choices=[
                    ("pending", "Waiting for confirmation"),
                    ("confirmed", "Confirmed"),
                    ("unsubscribed", "Unsubscribed"),
                    ("suppressed", "Suppressed"),
                    ("quarantined", "Quarantined"),
                ],
                default="pending",
                max_length=16,
            ),
        ),
        migrations.AlterField(
            model_name="subscriptionrequest",
            name="address",
            field=models.CharField(max_length=2000),
        ),
        migrations.AlterField(
            model_name="subscriptionrequest",
            name="channel",
            field=models.CharField(
                choices=[
                    ("email", "Email"),
                    ("webhook", "Webhook"),
                    ("slack", "Slack"),
                    ("teams", "Microsoft Teams"),
                    ("discord", "Discord"),
                    ("apprise", "Operator's own"),
                ],
                default="email",
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "pending")),
                fields=["channel", "priority", "next_attempt_at", "id"],
                name="deliveries_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("purpose__in", ["notice", "confirmation", "reminder", "link", "test", "quarantined"])
                ),
                name="delivery_purpose_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.CheckConstraint(
                condition=models.Q(("channel__in", ["email", "webhook", "slack", "teams", "discord", "apprise"])),
                name="subscriber_channel_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriber",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["pending", "confirmed", "unsubscribed", "suppressed", "quarantined"])
                ),
                name="subscriber_state_is_known",
            ),
        ),
        migrations.AddField(
            model_name="deliverycount",
            name="notice",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="delivery_counts",
                to="incidents.notice",
            ),
        ),
        migrations.AddField(
            model_name="postedmessage",
            name="subscriber",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="posted",
                to="subscriptions.subscriber",
            ),
        ),
        migrations.AddField(
            model_name="redelivery",
            name="delivery",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="redeliveries", to="subscriptions.delivery"
            ),
        ),
        migrations.AddConstraint(
            model_name="subscriberimport",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["checked", "running", "done", "cancelled"])),
                name="import_state_is_known",
            ),
        ),
        migrations.AddField(
            model_name="webhooksecret",
            name="subscriber",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="secrets", to="subscriptions.subscriber"
            ),
        ),
        migrations.AddConstraint(
            model_name="deliverycount",
            constraint=models.UniqueConstraint(
                fields=("notice", "channel", "state"), name="one_count_a_notice_channel_and_state"
            ),
        ),
        migrations.AddConstraint(
            model_name="postedmessage",
            constraint=models.UniqueConstraint(fields=("subscriber", "thread"), name="one_message_a_thread"),
        ),
    ]
