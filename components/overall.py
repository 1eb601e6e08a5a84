"""The state of the whole page, from its components, in the words of Statuspage's public API."""

from collections.abc import Iterable
from dataclasses import dataclass

from components.enums import ComponentStatus, worst

MAJOR = ComponentStatus.MAJOR_OUTAGE
PARTIAL = ComponentStatus.PARTIAL_OUTAGE
DEGRADED = ComponentStatus.DEGRADED_PERFORMANCE
MAINTENANCE = ComponentStatus.UNDER_MAINTENANCE
UNKNOWN = ComponentStatus.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Overall:
    """`description` is the banner, `indicator` is /api/v2's word, `three_state` is /status.json's."""

    description: str
    indicator: str
    three_state: str
    status: ComponentStatus


def overall_state(statuses: Iterable[ComponentStatus]) -> Overall:
    """One pure function for the banner, `/status.json` and `/api/v2`, so that they cannot disagree."""
    present = list(statuses)
    kinds = set(present)
    status = worst(present)
    if UNKNOWN in kinds and status is ComponentStatus.OPERATIONAL:
        # Green would claim something nobody measured.
        status = UNKNOWN
    description, indicator = _words(kinds)
    return Overall(description=description, indicator=indicator, three_state=_three_state(present), status=status)


def _words(kinds: set[ComponentStatus]) -> tuple[str, str]:
    if MAJOR in kinds or kinds == {PARTIAL}:
        return ("Major System Outage", "critical") if kinds == {MAJOR} else ("Partial System Outage", "major")
    if PARTIAL in kinds:
        return "Minor Service Outage", "minor"
    if DEGRADED in kinds:
        return ("Degraded System Service" if kinds == {DEGRADED} else "Partially Degraded Service"), "minor"
    if MAINTENANCE in kinds:
        return "Service Under Maintenance", "maintenance"
    if UNKNOWN in kinds:
        return ("Status Unknown" if kinds == {UNKNOWN} else "Some Components Not Measured"), "minor"
    return ("All Systems Operational" if kinds else "No Components Yet"), "none"


def _three_state(statuses: list[ComponentStatus]) -> str:
    words = {status.three_state for status in statuses}
    return next((word for word in ("down", "degraded") if word in words), "operational")
