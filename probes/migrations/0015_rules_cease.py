"""When a rule last ceased to fire: the end of an incident that was about it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("probes", "0014_worker_heartbeats")]

    operations = [
        migrations.AddField(
            model_name="rule",
            name="ceased_at",
            field=models.DateTimeField(editable=False, help_text="When it last ceased to fire.", null=True),
        ),
    ]
