"""The operator's own targets, for a screen of their own in the console."""

from subscriptions.models.subscriber import Subscriber


class Target(Subscriber):
    """A subscriber on `Channel.APPRISE`: no row of its own, and only `subscriptions.targets` writes it."""

    class Meta:
        proxy = True
        verbose_name = "own target"

    def __str__(self) -> str:
        return f"{self.name} ({self.address})"
