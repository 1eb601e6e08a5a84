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


class MaintenanceImpact(models.TextChoices):
    """How much customers notice of a window."""

    NONE = "none", "None"
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class ServiceState(models.TextChoices):
    """A component's state while a window runs. Offline and restarting ones are down, the others can be used."""

    OPERATIONAL = "operational", "Operational"
    READ_ONLY = "read_only", "Read-only"
    QUEUED = "queued", "Queued"
    RESTARTING = "restarting", "Restarting"
    OFFLINE = "offline", "Offline"

    @property
    def is_down(self) -> bool:
        return self in {ServiceState.OFFLINE, ServiceState.RESTARTING}


class StepState(models.TextChoices):
    PENDING = "pending", "Pending"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"


class Promise(models.TextChoices):
    """How the next update is promised: by a time, and what may bring it sooner."""

    BY = "by", "By then"
    ON_CHANGE = "on_change", "By then, or on material change"
    MORE_INFORMATION = "more_information", "By then, or as soon as we know more"


class DueReason(models.TextChoices):
    """Why the next update is due when it is."""

    FIRST_UPDATE = "first_update", "The first word after a machine's"
    CADENCE = "cadence", "The severity's cadence"
    PROMISE = "promise", "A promise made with the last update"


class PostmortemState(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"


class TemplateKind(models.TextChoices):
    INCIDENT = "incident", "New incident"
    UPDATE = "update", "Update"
    RESOLUTION = "resolution", "Resolution"
    MAINTENANCE = "maintenance", "Maintenance"
    REPLY = "reply", "Answer to a report"


class DraftKind(models.TextChoices):
    DECLARE = "declare", "New incident"
    UPDATE = "update", "Update"
    RESOLVE = "resolve", "Resolution"


class ReportState(models.TextChoices):
    NEW = "new", "New"
    LINKED = "linked", "Belongs to an incident"
    CLOSED = "closed", "Closed"


class ReportMailKind(models.TextChoices):
    FORWARD = "forward", "To our support"
    REPLY = "reply", "Answer"


class NoticeKind(models.TextChoices):
    INCIDENT_CREATED = "incident.created", "Incident declared"
    INCIDENT_UPDATED = "incident.updated", "Incident updated"
    INCIDENT_RESOLVED = "incident.resolved", "Incident resolved"
    MAINTENANCE_SCHEDULED = "maintenance.scheduled", "Maintenance announced"
    MAINTENANCE_REMINDER = "maintenance.reminder", "Maintenance reminder"
    MAINTENANCE_STARTED = "maintenance.started", "Maintenance begun"
    MAINTENANCE_UPDATED = "maintenance.updated", "Maintenance updated"
    MAINTENANCE_COMPLETED = "maintenance.completed", "Maintenance completed"
    MAINTENANCE_CANCELLED = "maintenance.cancelled", "Maintenance cancelled"
    POSTMORTEM_PUBLISHED = "postmortem.published", "Postmortem published"
    COMPONENT_UPDATED = "component.updated", "Component changed"
    MONTHLY_REPORT = "report.monthly", "Monthly report"
    CUSTOMER_MAIL = "customers.mail", "Mail to all customers"


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
    DEADLINE = "deadline", "A word that is due"
    REPORTS = "reports", "Reports from outside"


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
REPORT_TRANSITIONS: dict[ReportState, frozenset[ReportState]] = {
    # A report may move to another incident, and comes back to the inbox when that was a mistake.
    ReportState.NEW: frozenset({ReportState.LINKED, ReportState.CLOSED}),
    ReportState.LINKED: frozenset(ReportState),
    ReportState.CLOSED: frozenset({ReportState.NEW, ReportState.LINKED}),
}
