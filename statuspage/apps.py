from django.apps import AppConfig


class StatuspageConfig(AppConfig):
    """Holds the management commands; it has no models."""

    name = "statuspage"
