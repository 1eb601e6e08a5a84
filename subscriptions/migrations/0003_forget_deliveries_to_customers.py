"""Nothing to do on the way here. On the way back deliveries to customers go first, as then nobody is their recipient."""

from django.db import migrations


def forget(apps, schema_editor):
    apps.get_model("subscriptions", "Delivery").objects.filter(subscriber=None).delete()


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0002_customers")]

    operations = [migrations.RunPython(migrations.RunPython.noop, forget)]
