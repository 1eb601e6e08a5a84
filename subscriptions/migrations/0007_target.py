from django.db import migrations


class Migration(migrations.Migration):
    """A name for a part of the subscribers; no table."""

    dependencies = [("subscriptions", "0006_soft_bounces")]

    operations = [
        migrations.CreateModel(
            name="Target",
            fields=[],
            options={"verbose_name": "own target", "proxy": True, "indexes": [], "constraints": []},
            bases=("subscriptions.subscriber",),
        ),
    ]
