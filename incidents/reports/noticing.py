"""Several reports while the page is green: something is broken that we do not know of, and on-call has to look."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from components.enums import ComponentStatus, worst
from components.models import Component, Page
from incidents.enums import SignalSource
from incidents.models import Incident, OutageReport, Signal
from incidents.signals import raise_signal, resolve_signal
from statuspage.core import clock
from statuspage.core.durations import say_duration

FINGERPRINT = "reports"
QUIET_AFTER = timedelta(hours=1)
# As many ids as a signal's evidence has room for; the inbox has them all.
LISTED = 100


def nothing_is_said() -> bool:
    """Whether the page tells of no trouble: no incident is open, and no component is worse than operational.

    A component without any measurement tells of nothing either. Two queries.
    """
    if Incident.objects.open().exists():
        return False
    statuses = Component.objects.visible().values_list("status", flat=True)
    return worst(ComponentStatus(status) for status in statuses).rank <= ComponentStatus.OPERATIONAL.rank


def notice(page: Page, now: datetime) -> Signal | None:
    """Raise the signal if there are enough of them, or tell it of the newest one. Call it when one was stored."""
    if not page.reports_to_signal:
        return None
    firing = Signal.objects.unresolved().filter(fingerprint=FINGERPRINT).first()
    since = (firing.first_at if firing else now) - page.reports_within
    reports = _unhandled_since(since)
    if firing is None and len(reports) < page.reports_to_signal:
        return None
    newest = reports[0]
    spread = say_duration(max(now - reports[-1].created_at, timedelta(minutes=1)))
    return raise_signal(
        source=SignalSource.REPORTS,
        fingerprint=FINGERPRINT,
        title=f"{_counted(reports)} within {spread} while the page is green",
        detail=f"The newest: {newest.what}",
        component=_common(reports),
        evidence={"reports": [report.public_id for report in reports[:LISTED]]},
    )


def end_if_over() -> bool:
    """End the signal when an incident is open, when each report is dealt with, or after a quiet hour.

    Returns whether it was ended now. At most three queries.
    """
    if not Signal.objects.unresolved().filter(fingerprint=FINGERPRINT).exists():
        return False
    waiting = OutageReport.objects.new().filter(while_green=True, created_at__gt=clock.now() - QUIET_AFTER)
    if waiting.exists() and not Incident.objects.open().exists():
        return False
    return resolve_signal(fingerprint=FINGERPRINT)


def _unhandled_since(since: datetime) -> list[OutageReport]:
    """Newest first. What came before the last signal's end has been looked at."""
    ended = Signal.objects.filter(fingerprint=FINGERPRINT, resolved_at__gt=since).order_by("-resolved_at").first()
    if ended is not None and ended.resolved_at is not None:
        since = ended.resolved_at
    reports = OutageReport.objects.new().filter(while_green=True, created_at__gt=since)
    return list(reports.select_related("component"))


def _counted(reports: Sequence[OutageReport]) -> str:
    return "1 report" if len(reports) == 1 else f"{len(reports)} reports"


def _common(reports: Sequence[OutageReport]) -> Component | None:
    """The component that all of them name."""
    named = {report.component_id: report.component for report in reports}
    return next(iter(named.values())) if len(named) == 1 else None
