"""Where somebody is there to make checks: batches are only sent to a location whose worker was seen lately.

What nobody takes stays with the broker for ever, so a silent location gets no batches. It is called instead: one
message that does not expire, again only after a quarter of an hour, and whoever comes to take it is seen. Its probes
stay due meanwhile; their turns are counted as missed once somebody is there again.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import Exists, F, OuterRef, Q

from incidents.enums import SignalSource
from incidents.models import Signal
from incidents.signals import raise_signal, resolve_signal
from probes.models import Location, ProbeLocation
from statuspage.core import clock

logger = logging.getLogger(__name__)

PRESENT_FOR = timedelta(seconds=60)
CALL_AGAIN = timedelta(minutes=15)
# A worker that is restarted is not yet a silence that somebody has to be woken for.
SILENT_FOR = timedelta(minutes=2)
FINGERPRINT = "engine:silent:"
# A worker takes a batch each second, and says so more rarely.
REPORT_EVERY = 5.0

_reported: dict[str, float] = {}


def present_locations(call: Callable[[str], None]) -> list[str]:
    """Names of the locations with probes where somebody is there. `call` is made for silent ones. Two queries."""
    now = clock.now()
    in_use = Location.objects.filter(
        Exists(ProbeLocation.objects.filter(location=OuterRef("name"), next_due_at__isnull=False))
    )
    for location in in_use.filter(_silent(now)).filter(
        Q(called_at__isnull=True)
        | Q(called_at__lte=now - CALL_AGAIN)
        | Q(called_at__lt=F("last_seen_at"))
        | Q(called_at__gt=now)
    ):
        _call(location, call, now)
    return list(in_use.exclude(_silent(now)).order_by("pk").values_list("name", flat=True))


def report(location: str) -> None:
    """Somebody is there. Written down every few seconds at most."""
    moment = time.monotonic()
    if moment - _reported.get(location, -REPORT_EVERY) < REPORT_EVERY:
        return
    _reported[location] = moment
    report_now(location)


def report_now(location: str) -> None:
    """Somebody is there; nothing where no probe is measured from that location."""
    Location.objects.filter(name=location).update(last_seen_at=clock.now())


def sweep() -> None:
    """Tell of locations that should measure and where nobody is; end what was told once somebody is. Two queries."""
    now = clock.now()
    waiting = ProbeLocation.objects.filter(location=OuterRef("name"), next_due_at__lt=now - SILENT_FOR)
    silent = Location.objects.filter(_silent(now), called_at__lt=now - SILENT_FOR).filter(Exists(waiting))
    names = list(silent.values_list("name", flat=True))
    for name in names:
        raise_signal(
            source=SignalSource.ENGINE,
            fingerprint=f"{FINGERPRINT}{name}",
            title=f"Nobody measures at {name}",
            detail=f"No worker takes the queue probes.{name}: what is measured from there is no data.",
            evidence={"location": name},
        )
    for fingerprint in (
        Signal.objects.unresolved()
        .filter(fingerprint__startswith=FINGERPRINT)
        .exclude(fingerprint__in=[f"{FINGERPRINT}{name}" for name in names])
        .values_list("fingerprint", flat=True)
    ):
        resolve_signal(fingerprint=fingerprint)


def _silent(now: datetime) -> Q:
    return Q(last_seen_at__isnull=True) | Q(last_seen_at__lte=now - PRESENT_FOR)


def _call(location: Location, call: Callable[[str], None], now: datetime) -> None:
    mine = Location.objects.filter(pk=location.pk, called_at=location.called_at)
    if not mine.update(called_at=now):
        # Another beat did.
        return
    try:
        call(location.name)
    except Exception:
        # Nobody heard it.
        Location.objects.filter(pk=location.pk).update(called_at=location.called_at)
        raise
