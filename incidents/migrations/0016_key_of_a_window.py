"""What a window is known by where it was written down: the same one is not announced twice."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("incidents", "0015_revision_of_a_draft")]

    operations = [
        migrations.AddField(
            model_name="maintenance",
            name="dedupe_key",
            field=models.CharField(blank=True, editable=False, max_length=120),
        ),
        migrations.AddConstraint(
            model_name="maintenance",
            constraint=models.UniqueConstraint(
                condition=~Q(dedupe_key=""), fields=("dedupe_key",), name="one_window_a_dedupe_key"
            ),
        ),
    ]
