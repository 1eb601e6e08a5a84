"""What came to an end lately is found without reading all, and an import is held by one worker at a time."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0004_channels_and_choices")]

    operations = [
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=Q(("state", "sent")), fields=["sent_at"], name="deliveries_sent"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(condition=Q(("state", "failed")), fields=["next_attempt_at"], name="deliveries_failed"),
        ),
        migrations.AddField(
            model_name="subscriberimport",
            name="lease_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
    ]
