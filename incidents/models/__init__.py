"""What is being said: incidents, maintenance, postmortems, reports, and the notices that tell people."""

from incidents.models.incident import AffectedComponent, Evidence, Incident, IncidentQuerySet
from incidents.models.maintenance import Maintenance, MaintenanceKind, MaintenanceQuerySet, MaintenanceUpdate
from incidents.models.notice import CustomerMail, Notice, NoticeQuerySet
from incidents.models.plan import MaintenanceReminder, MaintenanceSeries, MaintenanceService, MaintenanceStep
from incidents.models.postmortem import FollowUpAction, Postmortem, PostmortemQuerySet
from incidents.models.report import OutageReport, ReportMail
from incidents.models.severity import PostmortemRule, SeverityPolicy
from incidents.models.signal import Signal, SignalQuerySet
from incidents.models.told import ToldState
from incidents.models.update import IncidentUpdate, UpdateImpact, UpdateRevision
from incidents.models.writing import ContentPage, Draft, MessageTemplate

__all__ = [
    "AffectedComponent",
    "ContentPage",
    "CustomerMail",
    "Draft",
    "Evidence",
    "FollowUpAction",
    "Incident",
    "IncidentQuerySet",
    "IncidentUpdate",
    "Maintenance",
    "MaintenanceKind",
    "MaintenanceQuerySet",
    "MaintenanceReminder",
    "MaintenanceSeries",
    "MaintenanceService",
    "MaintenanceStep",
    "MaintenanceUpdate",
    "MessageTemplate",
    "Notice",
    "NoticeQuerySet",
    "OutageReport",
    "Postmortem",
    "PostmortemQuerySet",
    "PostmortemRule",
    "ReportMail",
    "SeverityPolicy",
    "Signal",
    "SignalQuerySet",
    "ToldState",
    "UpdateImpact",
    "UpdateRevision",
]
