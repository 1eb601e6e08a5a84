"""Postmortems and their follow-up actions."""

import django.db.models.deletion
from django.db import migrations, models

import statuspage.core.clock


class Migration(migrations.Migration):
    dependencies = [
        ("incidents", "0006_maintenance_in_full"),
    ]

    operations = [
        migrations.CreateModel(
            name="Postmortem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("published", "Published")], default="draft", max_length=16
                    ),
                ),
                ("summary", models.TextField(blank=True)),
                ("timeline", models.TextField(blank=True)),
                ("root_cause", models.TextField(blank=True)),
                ("resolution", models.TextField(blank=True)),
                ("prevention", models.TextField(blank=True)),
                ("due_at", models.DateTimeField(blank=True, help_text="Empty: none is owed.", null=True)),
                ("due_because", models.CharField(blank=True, max_length=200)),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("published_by", models.CharField(blank=True, max_length=150)),
                (
                    "edited_at",
                    models.DateTimeField(blank=True, help_text="Changed after it was published.", null=True),
                ),
                ("revision", models.PositiveIntegerField(default=1)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                ("updated_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                (
                    "incident",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="postmortem", to="incidents.incident"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="FollowUpAction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=500)),
                ("owner", models.CharField(blank=True, max_length=150)),
                ("due_on", models.DateField(blank=True, null=True)),
                ("done_at", models.DateTimeField(blank=True, null=True)),
                ("done_by", models.CharField(blank=True, max_length=150)),
                ("created_at", models.DateTimeField(default=statuspage.core.clock.now, editable=False)),
                (
                    "postmortem",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="actions", to="incidents.postmortem"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddIndex(
            model_name="postmortem",
            index=models.Index(condition=models.Q(("state", "draft")), fields=["due_at"], name="postmortems_owed"),
        ),
        migrations.AddConstraint(
            model_name="postmortem",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "published"])), name="postmortem_state_is_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="postmortem",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at__isnull", True), ("state", "draft")),
                    models.Q(("published_at__isnull", False), ("state", "published")),
                    _connector="OR",
                ),
                name="published_at_goes_with_published",
            ),
        ),
    ]
