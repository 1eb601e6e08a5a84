"""How the next word is promised, and what makes a postmortem due."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0004_reports_and_holidays"),
        ("incidents", "0003_signals"),
    ]

    operations = [
        migrations.CreateModel(
            name="PostmortemRule",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("slug", models.SlugField(max_length=40, unique=True)),
                ("position", models.PositiveSmallIntegerField(default=0)),
                (
                    "longer_than",
                    models.DurationField(blank=True, help_text="Incidents that lasted longer than this.", null=True),
                ),
                ("data_impact", models.BooleanField(default=False, help_text="Incidents that touched data.")),
                ("business_days", models.PositiveSmallIntegerField(default=5)),
            ],
            options={
                "ordering": ["position", "slug"],
            },
        ),
        migrations.AddField(
            model_name="incident",
            name="due_reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("first_update", "The first word after a machine's"),
                    ("cadence", "The severity's cadence"),
                    ("promise", "A promise made with the last update"),
                ],
                editable=False,
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="is_retroactive",
            field=models.BooleanField(default=False, editable=False, help_text="Written down after it was over."),
        ),
        migrations.AddField(
            model_name="incident",
            name="merged_into",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="duplicates",
                to="incidents.incident",
            ),
        ),
        migrations.AddField(
            model_name="incident",
            name="promise",
            field=models.CharField(
                choices=[
                    ("by", "By then"),
                    ("on_change", "By then, or on material change"),
                    ("more_information", "By then, or as soon as we know more"),
                ],
                default="by",
                editable=False,
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="incidentupdate",
            name="edited_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="incidentupdate",
            name="promise",
            field=models.CharField(
                choices=[
                    ("by", "By then"),
                    ("on_change", "By then, or on material change"),
                    ("more_information", "By then, or as soon as we know more"),
                ],
                default="by",
                editable=False,
                max_length=16,
            ),
        ),
        migrations.AddField(
            model_name="incidentupdate",
            name="promised_in",
            field=models.DurationField(blank=True, editable=False, help_text="The next one, within this.", null=True),
        ),
        migrations.AddField(
            model_name="severitypolicy",
            name="inline_summary",
            field=models.BooleanField(
                default=False, help_text="Resolving asks for a summary, which stands with the resolved entry."
            ),
        ),
        migrations.AddField(
            model_name="severitypolicy",
            name="promise",
            field=models.CharField(
                choices=[
                    ("by", "By then"),
                    ("on_change", "By then, or on material change"),
                    ("more_information", "By then, or as soon as we know more"),
                ],
                default="by",
                help_text="How the next update is promised.",
                max_length=16,
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("due_reason", ""), ("due_reason__in", ["first_update", "cadence", "promise"]), _connector="OR"
                ),
                name="incident_due_reason_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("promise__in", ["by", "on_change", "more_information"])),
                name="incident_promise_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into__isnull", True),
                    models.Q(("status", "resolved"), models.Q(("merged_into", models.F("id")), _negated=True)),
                    _connector="OR",
                ),
                name="merged_incident_is_over",
            ),
        ),
        migrations.AddConstraint(
            model_name="severitypolicy",
            constraint=models.CheckConstraint(
                condition=models.Q(("promise__in", ["by", "on_change", "more_information"])),
                name="severity_promise_is_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="postmortemrule",
            constraint=models.CheckConstraint(
                condition=models.Q(("longer_than__isnull", False), ("data_impact", True), _connector="OR"),
                name="postmortem_rule_has_a_condition",
            ),
        ),
    ]
