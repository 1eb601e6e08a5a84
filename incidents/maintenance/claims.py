"""Which components a window says to be under maintenance, and how that becomes true.

Of a window's components each is worked on unless the window's own word on the service is *operational*: such a one is
measured like any other, its slots are not marked and its failures are failures. The word counts from the moment it is
said; what was measured before stays as it was marked.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, StatusClaim
from components.services import claim_status, withdraw_claim
from incidents.enums import MaintenanceStatus, ServiceState
from incidents.models import Maintenance, MaintenanceService

ACTIVE = (MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING)


def components_in_maintenance() -> set[int]:
    """The ids of the components that are worked on now, imported windows included. One query."""
    said_operational = MaintenanceService.objects.filter(
        maintenance=OuterRef("maintenance_id"), component=OuterRef("component_id"), state=ServiceState.OPERATIONAL
    )
    through = Maintenance.components.through.objects.filter(maintenance__status__in=ACTIVE)
    return set(through.exclude(Exists(said_operational)).values_list("component_id", flat=True))


def components_worked_on(row: Maintenance) -> list[Component]:
    """Those of this window that are not said to be operational, in the order of their keys."""
    operational = row.services.filter(state=ServiceState.OPERATIONAL).values("component_id")
    return list(row.components.exclude(pk__in=operational).order_by("pk"))


def state_claims_of(row: Maintenance, *, at: datetime, cause: str) -> None:
    """Claim what is worked on and take back the rest: all of it unless the window runs. The rows must be locked."""
    wanted = {component.pk: component for component in components_worked_on(row)} if row.is_active else {}
    for component in wanted.values():
        claim_status(
            component=component,
            status=ComponentStatus.UNDER_MAINTENANCE,
            source=ClaimSource.MAINTENANCE,
            source_id=row.public_id,
            cause=row.reference,
            at=at,
        )
    held = StatusClaim.objects.filter(source=ClaimSource.MAINTENANCE, source_id=row.public_id)
    for claim in held.exclude(component__in=wanted).select_related("component").order_by("component_id"):
        withdraw_claim(
            component=claim.component,
            source=ClaimSource.MAINTENANCE,
            source_id=row.public_id,
            cause=cause,
            at=at,
        )
