"""The services, steps and regions of maintenance windows, read together."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from incidents.models import Maintenance, MaintenanceService, MaintenanceStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What belongs to a window, in order."""

    services: Sequence[MaintenanceService] = ()
    steps: Sequence[MaintenanceStep] = ()
    regions: Sequence[str] = ()
    service_regions: Mapping[int, Sequence[str]] = field(default_factory=dict)


def read_plans(maintenance_ids: Sequence[int]) -> dict[int, Plan]:
    """Four queries, none for no windows."""
    if not maintenance_ids:
        return {}
    services: dict[int, list[MaintenanceService]] = defaultdict(list)
    rows = MaintenanceService.objects.filter(maintenance_id__in=maintenance_ids).select_related("component")
    for service in rows.order_by("position", "pk"):
        services[service.maintenance_id].append(service)
    steps: dict[int, list[MaintenanceStep]] = defaultdict(list)
    for step in MaintenanceStep.objects.filter(maintenance_id__in=maintenance_ids).order_by("position", "pk"):
        steps[step.maintenance_id].append(step)
    regions: dict[int, list[str]] = defaultdict(list)
    of_windows = Maintenance.regions.through.objects.filter(maintenance_id__in=maintenance_ids)
    for window_id, name in of_windows.order_by("region__slug").values_list("maintenance_id", "region__name"):
        regions[window_id].append(name)
    of_services: dict[int, list[str]] = defaultdict(list)
    of_components = MaintenanceService.objects.filter(maintenance_id__in=maintenance_ids)
    named = of_components.filter(component__regions__isnull=False).order_by("component__regions__slug")
    for service_id, name in named.values_list("pk", "component__regions__name"):
        of_services[service_id].append(name)
    return {
        pk: Plan(services=services[pk], steps=steps[pk], regions=regions[pk], service_regions=of_services)
        for pk in maintenance_ids
    }
