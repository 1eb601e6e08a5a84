import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0012_phase_of_a_window")]

    operations = [
        migrations.AddField(
            model_name="postmortem",
            name="timeline_until",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                help_text="The newest update that was put into the timeline.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="incidents.incidentupdate",
            ),
        ),
    ]
