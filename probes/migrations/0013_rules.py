"""Rules on the results of a probe."""

import datetime as dt

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0003_signals"),
        ("probes", "0012_known_locations"),
    ]

    operations = [
        migrations.AddField(
            model_name="probe",
            name="has_rules",
            field=models.BooleanField(
                default=False, editable=False, help_text="So that nobody looks for them in vain."
            ),
        ),
        migrations.CreateModel(
            name="Rule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=40)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("consecutive_failures", "Failures in a row"),
                            ("latency_above", "Slower than"),
                            ("heartbeat_older_than", "Heartbeat older than"),
                            ("value_above", "Value above"),
                            ("value_below", "Value below"),
                            ("value_growing", "Value growing"),
                        ],
                        max_length=24,
                    ),
                ),
                (
                    "limit",
                    models.FloatField(
                        default=0, help_text="Milliseconds, seconds, failures, or the unit of the number."
                    ),
                ),
                (
                    "lasting",
                    models.DurationField(
                        default=dt.timedelta(0), help_text="It fires once the condition held for so long."
                    ),
                ),
                ("value", models.CharField(blank=True, help_text="Which number it is about.", max_length=60)),
                ("degrades", models.BooleanField(default=False)),
                ("fails", models.BooleanField(default=False)),
                ("opens_incident", models.BooleanField(default=False)),
                ("pages", models.BooleanField(default=False)),
                ("sentence", models.CharField(help_text="What the page says while it fires.", max_length=300)),
                ("firing_since", models.DateTimeField(editable=False, null=True)),
                ("said", models.CharField(blank=True, editable=False, max_length=300)),
                (
                    "is_held_back",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="It fires, and its page and incident wait for a dependency.",
                    ),
                ),
                (
                    "probe",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rules", to="probes.probe"
                    ),
                ),
                (
                    "severity",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="rules",
                        to="incidents.severitypolicy",
                    ),
                ),
            ],
            options={
                "ordering": ["probe_id", "position", "pk"],
            },
        ),
        migrations.CreateModel(
            name="RuleState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("location", models.CharField(max_length=40)),
                (
                    "since",
                    models.DateTimeField(help_text="Since when the condition holds without a break.", null=True),
                ),
                ("last_value", models.FloatField(null=True)),
                (
                    "last_sample_at",
                    models.DateTimeField(help_text="Of the newest number, where it has to grow.", null=True),
                ),
                ("failures", models.PositiveIntegerField(default=0)),
                ("is_firing", models.BooleanField(default=False)),
                ("last_at", models.DateTimeField(help_text="When the newest result came.", null=True)),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="states", to="probes.rule"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="rule",
            index=models.Index(
                condition=models.Q(("firing_since__isnull", False)), fields=["probe"], name="rules_firing"
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.UniqueConstraint(fields=("probe", "slug"), name="one_rule_a_slug"),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "consecutive_failures",
                            "latency_above",
                            "heartbeat_older_than",
                            "value_above",
                            "value_below",
                            "value_growing",
                        ],
                    )
                ),
                name="rule_kind_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="rule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("degrades", True), ("fails", True), ("opens_incident", True), ("pages", True), _connector="OR"
                ),
                name="rule_does_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="rulestate",
            constraint=models.UniqueConstraint(fields=("rule", "location"), name="one_state_a_rule_and_location"),
        ),
    ]
