"""The rows of the probes, one module a noun."""

from probes.models.probe import DETAIL_LENGTH, LOCATION_LENGTH, Heartbeat, Probe, ProbeLocation, ProbeQuerySet
from probes.models.series import ComponentDay, ProbeDay, ProbeResult, Slot

__all__ = [
    "DETAIL_LENGTH",
    "LOCATION_LENGTH",
    "ComponentDay",
    "Heartbeat",
    "Probe",
    "ProbeDay",
    "ProbeLocation",
    "ProbeQuerySet",
    "ProbeResult",
    "Slot",
]
