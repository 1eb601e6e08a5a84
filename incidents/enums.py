"""The words of incidents, maintenance and notices."""

from django.db import models


class IncidentStatus(models.TextChoices):
    INVESTIGATING = "investigating", "Investigating"
    IDENTIFIED = "identified", "Identified"
    MONITORING = "monitoring", "Monitoring"
    RESOLVED = "resolved", "Resolved"


class Impact(models.TextChoices):
    """How bad for customers, in the words of Statuspage's API."""

    NONE = "none", "None"
    MINOR = "minor", "Minor"
    MAJOR = "major", "Major"
    CRITICAL = "critical", "Critical"


class Origin(models.TextChoices):
    STAFF = "staff", "Staff"
    PROBE = "probe", "Probe"
    API = "api", "API"
    REPORT = "report", "Report"
    IMPORT = "import", "Import"


class MaintenanceStatus(models.TextChoices):
    SCHEDULED = "scheduled", "Scheduled"
    IN_PROGRESS = "in_progress", "In progress"
    VERIFYING = "verifying", "Verifying"
    COMPLETED = "completed", "Completed"
    CANCELLED = "cancelled", "Cancelled"


class NoticeKind(models.TextChoices):
    INCIDENT_CREATED = "incident.created", "Incident declared"
    INCIDENT_UPDATED = "incident.updated", "Incident updated"
    INCIDENT_RESOLVED = "incident.resolved", "Incident resolved"


class Audience(models.TextChoices):
    SUBSCRIBERS = "subscribers", "Subscribers"
    CUSTOMERS = "customers", "All customers"
    ON_CALL = "on_call", "On-call"


class SignalSource(models.TextChoices):
    """Which machine noticed."""

    PROBE = "probe", "Probe"
    RULE = "rule", "Rule of a probe"
    ENGINE = "engine", "Probe engine"
    MONITORING = "monitoring", "Monitoring of ourselves"


class SignalState(models.TextChoices):
    FIRING = "firing", "Firing"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    RESOLVED = "resolved", "Resolved"


TRANSITIONS: dict[IncidentStatus, frozenset[IncidentStatus]] = {
    # The same status again is an update without a change; a resolved incident may come back.
    IncidentStatus.INVESTIGATING: frozenset(IncidentStatus),
    IncidentStatus.IDENTIFIED: frozenset(IncidentStatus),
    IncidentStatus.MONITORING: frozenset(IncidentStatus),
    IncidentStatus.RESOLVED: frozenset(
        {IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED, IncidentStatus.MONITORING}
    ),
}
MAINTENANCE_TRANSITIONS: dict[MaintenanceStatus, frozenset[MaintenanceStatus]] = {
    MaintenanceStatus.SCHEDULED: frozenset({MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.CANCELLED}),
    MaintenanceStatus.IN_PROGRESS: frozenset({MaintenanceStatus.VERIFYING, MaintenanceStatus.COMPLETED}),
    MaintenanceStatus.VERIFYING: frozenset({MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.COMPLETED}),
    MaintenanceStatus.COMPLETED: frozenset(),
    MaintenanceStatus.CANCELLED: frozenset(),
}
