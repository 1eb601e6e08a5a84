"""What is silent: the web says so, for whoever is silent cannot.

Beat and workers that are dead raise no signal. Each web process looks once with each edition it makes.
"""

import time

from incidents.enums import SignalSource
from incidents.models import Signal
from incidents.signals import raise_signal, resolve_signal
from probes.selectors import monitoring_freshness
from subscriptions.health import watch_deliveries

FINGERPRINT = "monitoring:stale"
# A whole stack that starts after a night off has no fresh result yet, and that is no news.
GRACE_SECONDS = 60.0


class MonitoringWatch:
    """Raises and resolves the signal. The page itself says at once that what it shows is old."""

    def __init__(self, *, grace_seconds: float = GRACE_SECONDS) -> None:
        self._grace_seconds = grace_seconds
        self._first_look: float | None = None

    def look(self) -> None:
        """Two queries while all is well."""
        now = time.monotonic()
        self._first_look = now if self._first_look is None else self._first_look
        freshness = monitoring_freshness()
        if not freshness.is_stale:
            if Signal.objects.unresolved().filter(fingerprint=FINGERPRINT).exists():
                resolve_signal(fingerprint=FINGERPRINT)
        elif now - self._first_look >= self._grace_seconds:
            last = freshness.last_result_at
            since = f"since {last:%Y-%m-%d %H:%M:%S} UTC" if last else "so far"
            raise_signal(
                source=SignalSource.MONITORING,
                fingerprint=FINGERPRINT,
                title="Monitoring is stale",
                detail=f"No probe had a result {since}: beat or the workers are silent.",
                evidence={"last_result_at": last},
            )


class DeliveryWatch:
    """Looks after the messages that wait, as beat does too: with all workers dead this is who notices."""

    def __init__(self, *, grace_seconds: float = GRACE_SECONDS, pause_seconds: float = 15.0) -> None:
        self._next_look = time.monotonic() + grace_seconds
        self._pause_seconds = pause_seconds

    def look(self) -> None:
        """Four queries while all is well, and none if the last look was just now."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + self._pause_seconds
            watch_deliveries()


watch = MonitoringWatch()
delivery_watch = DeliveryWatch()
