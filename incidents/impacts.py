"""What an incident says about components: claims now, and rows that keep what was said with each update."""

from collections.abc import Mapping
from datetime import datetime

from components.enums import ClaimSource, ComponentStatus
from components.models import Component
from components.services import claim_status, withdraw_claim
from incidents.models import AffectedComponent, Incident, IncidentUpdate, UpdateImpact

Impacts = Mapping[Component, ComponentStatus]


def affected_components(incident: Incident) -> list[AffectedComponent]:
    return list(incident.affected.select_related("component").order_by("component_id"))


def apply_impacts(
    incident: Incident, update: IncidentUpdate, impacts: Impacts, *, at: datetime, reopened: bool = False
) -> None:
    """Say of each component what the update says, and keep for every affected one what it was and is."""
    keep_impacts(incident, update, impacts, reopened=reopened)
    for component, status in _in_order(impacts):
        claim_impact(incident, component, status, at=at)


def keep_impacts(incident: Incident, update: IncidentUpdate, impacts: Impacts, *, reopened: bool = False) -> None:
    """The rows alone: what the incident says of each component, and what every affected one was and is.

    Its end said of all of them that they are operational: that is what they were before it was reopened.
    """
    before = {} if reopened else {affected.component_id: affected for affected in affected_components(incident)}
    for component, status in _in_order(impacts):
        AffectedComponent.objects.update_or_create(incident=incident, component=component, defaults={"status": status})
    UpdateImpact.objects.bulk_create(
        _impact(update, affected.component, _old(before, affected.component_id), ComponentStatus(affected.status))
        for affected in affected_components(incident)
    )


def claim_impact(incident: Incident, component: Component, status: ComponentStatus, *, at: datetime) -> None:
    """Let the component know. Operational is no claim: what else is known of it decides."""
    if status is ComponentStatus.OPERATIONAL:
        withdraw_claim(
            component=component,
            source=ClaimSource.INCIDENT,
            source_id=incident.public_id,
            cause=str(incident),
            at=at,
        )
    else:
        claim_status(
            component=component,
            status=status,
            source=ClaimSource.INCIDENT,
            source_id=incident.public_id,
            cause=incident.reference,
            at=at,
        )


def _in_order(impacts: Impacts) -> list[tuple[Component, ComponentStatus]]:
    return sorted(impacts.items(), key=lambda item: item[0].pk)


def _old(before: Mapping[int, AffectedComponent], component_id: int) -> ComponentStatus:
    affected = before.get(component_id)
    return ComponentStatus.OPERATIONAL if affected is None else ComponentStatus(affected.status)


def withdraw_impacts(incident: Incident, update: IncidentUpdate, *, at: datetime) -> None:
    impacts = []
    for affected in affected_components(incident):
        withdraw_claim(
            component=affected.component,
            source=ClaimSource.INCIDENT,
            source_id=incident.public_id,
            cause=f"{incident.reference} resolved",
            at=at,
        )
        status = ComponentStatus(affected.status)
        impacts.append(_impact(update, affected.component, status, ComponentStatus.OPERATIONAL))
    UpdateImpact.objects.bulk_create(impacts)


def _impact(update: IncidentUpdate, component: Component, old: ComponentStatus, new: ComponentStatus) -> UpdateImpact:
    return UpdateImpact(
        update=update,
        component=component,
        code=component.public_id,
        name=component.full_name,
        old_status=old,
        new_status=new,
    )
