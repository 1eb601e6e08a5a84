"""A notice knows how bad its incident was, so that readers may ask for the worse ones only."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("components", "0005_home_url"),
        ("incidents", "0016_key_of_a_window"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="notice",
            name="notice_kind_is_known",
        ),
        migrations.AddField(
            model_name="notice",
            name="severity_rank",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("incident.created", "Incident declared"),
                    ("incident.updated", "Incident updated"),
                    ("incident.resolved", "Incident resolved"),
                    ("maintenance.scheduled", "Maintenance announced"),
                    ("maintenance.reminder", "Maintenance reminder"),
                    ("maintenance.started", "Maintenance begun"),
                    ("maintenance.updated", "Maintenance updated"),
                    ("maintenance.completed", "Maintenance completed"),
                    ("maintenance.cancelled", "Maintenance cancelled"),
                    ("postmortem.published", "Postmortem published"),
                    ("component.updated", "Component changed"),
                    ("report.monthly", "Monthly report"),
                    ("customers.mail", "Mail to all customers"),
                ],
                max_length=32,
            ),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "incident.created",
                            "incident.updated",
                            "incident.resolved",
                            "maintenance.scheduled",
                            "maintenance.reminder",
                            "maintenance.started",
                            "maintenance.updated",
                            "maintenance.completed",
                            "maintenance.cancelled",
                            "postmortem.published",
                            "component.updated",
                            "report.monthly",
                            "customers.mail",
                        ],
                    )
                ),
                name="notice_kind_is_known",
            ),
        ),
    ]
