"""Two people who write on one draft: the second is told."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("incidents", "0014_when_a_window_was_announced")]

    operations = [
        migrations.AddField(
            model_name="draft", name="revision", field=models.PositiveIntegerField(default=1, editable=False)
        ),
    ]
