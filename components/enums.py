"""The words for a component's state, in the order of how bad they are."""

from collections.abc import Iterable

from django.db import models


class ComponentStatus(models.TextChoices):
    """Stored as Statuspage's words. `rank` orders them: the highest claim wins; unknown loses to every claim."""

    OPERATIONAL = "operational", "Operational"
    UNDER_MAINTENANCE = "under_maintenance", "Maintenance"
    DEGRADED_PERFORMANCE = "degraded_performance", "Degraded"
    PARTIAL_OUTAGE = "partial_outage", "Partial outage"
    MAJOR_OUTAGE = "major_outage", "Major outage"
    UNKNOWN = "unknown", "No data"

    @property
    def rank(self) -> int:
        return RANKS[self]

    @property
    def css(self) -> str:
        """The class that carries the state's colours: ok, work, slow, part, down, none."""
        return CSS_CLASSES[self]

    @property
    def three_state(self) -> str:
        """The word of `/status.json`: operational, degraded or down."""
        return THREE_STATES[self]


RANKS: dict[ComponentStatus, int] = {
    ComponentStatus.UNKNOWN: -1,
    ComponentStatus.OPERATIONAL: 0,
    ComponentStatus.UNDER_MAINTENANCE: 1,
    ComponentStatus.DEGRADED_PERFORMANCE: 2,
    ComponentStatus.PARTIAL_OUTAGE: 3,
    ComponentStatus.MAJOR_OUTAGE: 4,
}
CSS_CLASSES: dict[ComponentStatus, str] = {
    ComponentStatus.UNKNOWN: "none",
    ComponentStatus.OPERATIONAL: "ok",
    ComponentStatus.UNDER_MAINTENANCE: "work",
    ComponentStatus.DEGRADED_PERFORMANCE: "slow",
    ComponentStatus.PARTIAL_OUTAGE: "part",
    ComponentStatus.MAJOR_OUTAGE: "down",
}
THREE_STATES: dict[ComponentStatus, str] = {
    ComponentStatus.UNKNOWN: "degraded",
    ComponentStatus.OPERATIONAL: "operational",
    ComponentStatus.UNDER_MAINTENANCE: "degraded",
    ComponentStatus.DEGRADED_PERFORMANCE: "degraded",
    ComponentStatus.PARTIAL_OUTAGE: "degraded",
    ComponentStatus.MAJOR_OUTAGE: "down",
}


def worst(statuses: Iterable[ComponentStatus]) -> ComponentStatus:
    """The worst of them; unknown when there is none."""
    return max(statuses, key=lambda status: status.rank, default=ComponentStatus.UNKNOWN)


class ClaimSource(models.TextChoices):
    """Who may say what state a component is in."""

    STAFF = "staff", "Staff"
    INCIDENT = "incident", "Incident"
    MAINTENANCE = "maintenance", "Maintenance"
    PROBE = "probe", "Probe"
