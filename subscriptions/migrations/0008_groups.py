from django.db import migrations, models


class Migration(migrations.Migration):
    """Whole groups that a subscriber chose: what is added to them later is chosen with them."""

    dependencies = [("components", "0001_initial"), ("subscriptions", "0007_target")]

    operations = [
        migrations.AddField(
            model_name="subscriber",
            name="groups",
            field=models.ManyToManyField(
                blank=True,
                help_text="What is added to these is chosen with them.",
                related_name="subscribers",
                to="components.group",
            ),
        ),
    ]
