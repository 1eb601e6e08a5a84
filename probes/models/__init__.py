"""The rows of the probes, one module a noun."""

from probes.models.corrections import REASON_LENGTH, Correction, CorrectionEffect
from probes.models.metrics import Metric, MetricPoint
from probes.models.objectives import PERCENTILES, CreditBand, Objective, SlaPolicy, SlaTier
from probes.models.probe import (
    DEFAULT_CALM,
    DEFAULT_HOLD,
    DETAIL_LENGTH,
    LOCATION_LENGTH,
    Heartbeat,
    Location,
    Probe,
    ProbeLocation,
    ProbeQuerySet,
    WorkerHeartbeat,
)
from probes.models.reports import MonthlyReport
from probes.models.rules import Rule, RuleState
from probes.models.series import ComponentDay, ProbeDay, ProbeResult, Slot

__all__ = [
    "DEFAULT_CALM",
    "DEFAULT_HOLD",
    "DETAIL_LENGTH",
    "LOCATION_LENGTH",
    "PERCENTILES",
    "REASON_LENGTH",
    "ComponentDay",
    "Correction",
    "CorrectionEffect",
    "CreditBand",
    "Heartbeat",
    "Location",
    "Metric",
    "MetricPoint",
    "MonthlyReport",
    "Objective",
    "Probe",
    "ProbeDay",
    "ProbeLocation",
    "ProbeQuerySet",
    "ProbeResult",
    "Rule",
    "RuleState",
    "SlaPolicy",
    "SlaTier",
    "Slot",
    "WorkerHeartbeat",
]
