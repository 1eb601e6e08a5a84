"""What is being said: incidents and their updates, maintenance windows, and the notices that tell people."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import (
    TRANSITIONS,
    Audience,
    Impact,
    IncidentStatus,
    MaintenanceStatus,
    NoticeKind,
    Origin,
)
from incidents.signal_models import Signal as Signal  # noqa: PLC0414 -- all models are found here
from statuspage.core import clock
from statuspage.core.errors import InvalidTransition
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id


class SeverityPolicy(models.Model):
    """One rung of the severity ladder: what it means and what it promises."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    rank = models.PositiveSmallIntegerField(default=1, help_text="1 is the worst.")
    description = models.CharField(max_length=500, blank=True)
    impact = models.CharField(max_length=16, choices=Impact, default=Impact.MINOR)
    first_update = models.DurationField(null=True, blank=True, help_text="The first public word comes within this.")
    update_every = models.DurationField(null=True, blank=True, help_text="Empty: no cadence is promised.")
    postmortem_business_days = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty: no postmortem is required."
    )

    class Meta:
        ordering = ["rank", "slug"]
        verbose_name_plural = "severity policies"
        constraints = [models.CheckConstraint(condition=Q(impact__in=Impact.values), name="severity_impact_is_known")]

    def __str__(self) -> str:
        return self.name


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> "IncidentQuerySet":
        return self.exclude(status=IncidentStatus.RESOLVED)

    def resolved(self) -> "IncidentQuerySet":
        return self.filter(status=IncidentStatus.RESOLVED)

    def newest_first(self) -> "IncidentQuerySet":
        return self.order_by("-started_at", "-pk")


class Incident(models.Model):
    """Something is broken and this is what we say about it. Only `incidents.services` changes its state."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True, editable=False)
    title = models.CharField(max_length=250)
    severity = models.ForeignKey(SeverityPolicy, on_delete=models.PROTECT, related_name="incidents")
    status = models.CharField(
        max_length=16, choices=IncidentStatus, default=IncidentStatus.INVESTIGATING, editable=False
    )
    impact = models.CharField(max_length=16, choices=Impact, default=Impact.MINOR, editable=False)
    private = models.BooleanField(default=False, help_text="Only severity, status and times are public.")
    data_impact = models.BooleanField(default=False)
    started_at = models.DateTimeField(help_text="When it began, as far as we know.")
    contained_at = models.DateTimeField(null=True, blank=True, editable=False)
    resolved_at = models.DateTimeField(null=True, blank=True, editable=False)
    root_cause_summary = models.TextField(blank=True)
    remediation = models.TextField(blank=True)
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.STAFF, editable=False)
    dedupe_key = models.CharField(max_length=120, blank=True, editable=False)
    next_update_due_at = models.DateTimeField(null=True, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    external_url = models.URLField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)
    components: "models.ManyToManyField[Component, AffectedComponent]" = models.ManyToManyField(
        Component, through="AffectedComponent", related_name="incidents"
    )

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-pk"]
        indexes = [
            models.Index(fields=["-started_at"], name="incident_newest_first"),
            models.Index(fields=["status"], name="incident_by_status"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=IncidentStatus.values), name="incident_status_is_known"),
            models.CheckConstraint(condition=Q(impact__in=Impact.values), name="incident_impact_is_known"),
            models.CheckConstraint(condition=Q(origin__in=Origin.values), name="incident_origin_is_known"),
            models.UniqueConstraint(
                fields=["dedupe_key"],
                condition=~Q(dedupe_key="") & ~Q(status=IncidentStatus.RESOLVED),
                name="one_open_incident_a_dedupe_key",
            ),
            models.CheckConstraint(
                condition=Q(status=IncidentStatus.RESOLVED, resolved_at__isnull=False)
                | (~Q(status=IncidentStatus.RESOLVED) & Q(resolved_at__isnull=True)),
                name="resolved_at_goes_with_resolved",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def get_absolute_url(self) -> str:
        return f"/incidents/{self.reference}/"

    @property
    def state(self) -> IncidentStatus:
        return IncidentStatus(self.status)

    @property
    def public_title(self) -> str:
        """What everyone may read: a private incident shows its severity only."""
        return f"{self.severity.name} incident" if self.private else self.title

    @property
    def is_open(self) -> bool:
        return self.status != IncidentStatus.RESOLVED

    def check_transition(self, new: IncidentStatus) -> None:
        """Raises InvalidTransition when the state machine has no such step."""
        if new not in TRANSITIONS[self.state]:
            raise InvalidTransition(
                f"{self.reference} is {self.state.label.lower()}: it cannot become {new.label.lower()}."
            )

    def is_overdue(self, now: datetime) -> bool:
        """Whether the next update we promised has not come."""
        return self.is_open and self.next_update_due_at is not None and self.next_update_due_at < now


class AffectedComponent(models.Model):
    """What an incident says about a component now."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="affected")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="affected_by")
    status = models.CharField(max_length=24, choices=ComponentStatus)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["incident", "component"], name="one_impact_a_component")]

    def __str__(self) -> str:
        return f"{self.incident_id}: {self.component_id} {self.status}"


class IncidentUpdate(models.Model):
    """One public word on an incident. `label` is what its chip says: a repeated status reads "Update"."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    status = models.CharField(max_length=16, choices=IncidentStatus)
    is_repeat = models.BooleanField(default=False, help_text="The status was the same before this update.")
    body = models.TextField(help_text="Markdown.")
    display_at = models.DateTimeField()
    author = models.CharField(max_length=150, blank=True)
    notify = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-display_at", "-pk"]
        indexes = [models.Index(fields=["incident", "-display_at"], name="updates_newest_first")]

    def __str__(self) -> str:
        return f"{self.label} at {self.display_at:%Y-%m-%d %H:%M}"

    @property
    def label(self) -> str:
        return "Update" if self.is_repeat else IncidentStatus(self.status).label


class UpdateImpact(models.Model):
    """What an update said about a component, and what had been said before. The name is kept as it was then."""

    update = models.ForeignKey(IncidentUpdate, on_delete=models.CASCADE, related_name="impacts")
    component = models.ForeignKey(Component, null=True, on_delete=models.SET_NULL, related_name="+")
    code = models.CharField(max_length=PUBLIC_ID_LENGTH)
    name = models.CharField(max_length=300)
    old_status = models.CharField(max_length=24, choices=ComponentStatus)
    new_status = models.CharField(max_length=24, choices=ComponentStatus)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.name}: {self.old_status} → {self.new_status}"


class MaintenanceQuerySet(models.QuerySet["Maintenance"]):
    def active(self) -> "MaintenanceQuerySet":
        return self.filter(status__in=[MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING])

    def upcoming(self) -> "MaintenanceQuerySet":
        return self.filter(status=MaintenanceStatus.SCHEDULED).order_by("scheduled_for", "pk")

    def newest_first(self) -> "MaintenanceQuerySet":
        return self.order_by("-scheduled_for", "-pk")


class Maintenance(models.Model):
    """A window in which something is worked on."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    reference = models.CharField(max_length=40, unique=True, editable=False)
    title = models.CharField(max_length=250)
    status = models.CharField(max_length=16, choices=MaintenanceStatus, default=MaintenanceStatus.SCHEDULED)
    impact_note = models.CharField(max_length=300, blank=True)
    scheduled_for = models.DateTimeField()
    scheduled_until = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.STAFF, editable=False)
    external_url = models.URLField(max_length=300, blank=True, editable=False)
    components = models.ManyToManyField(Component, blank=True, related_name="maintenances")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    objects = MaintenanceQuerySet.as_manager()

    class Meta:
        ordering = ["-scheduled_for", "-pk"]
        indexes = [
            models.Index(fields=["-scheduled_for"], name="maintenance_newest_first"),
            models.Index(fields=["status"], name="maintenance_by_status"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=MaintenanceStatus.values), name="maintenance_status_is_known"
            ),
            models.CheckConstraint(
                condition=Q(scheduled_until__gte=models.F("scheduled_for")),
                name="maintenance_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def get_absolute_url(self) -> str:
        return f"/maintenance/{self.reference}/"


class MaintenanceUpdate(models.Model):
    """One public word on a maintenance window."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="updates")
    status = models.CharField(max_length=16, choices=MaintenanceStatus)
    is_repeat = models.BooleanField(default=False)
    body = models.TextField(help_text="Markdown.")
    display_at = models.DateTimeField()
    author = models.CharField(max_length=150, blank=True)
    notify = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-display_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.label} at {self.display_at:%Y-%m-%d %H:%M}"

    @property
    def label(self) -> str:
        return "Update" if self.is_repeat else MaintenanceStatus(self.status).label


class NoticeQuerySet(models.QuerySet["Notice"]):
    def pending(self) -> "NoticeQuerySet":
        """Not yet turned into deliveries, oldest first."""
        return self.filter(fanned_out_at__isnull=True).order_by("created_at", "pk")


class Notice(models.Model):
    """The outbox: somebody has to be told this. Written in the transaction that made it true.

    `payload` is frozen: what the message says even if the incident is edited later; its shape is in
    `incidents.notices`. `components` is what the subscribers' filter looks at; none means everybody.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    kind = models.CharField(max_length=32, choices=NoticeKind)
    audience = models.CharField(max_length=16, choices=Audience, default=Audience.SUBSCRIBERS)
    incident = models.ForeignKey(Incident, null=True, on_delete=models.CASCADE, related_name="notices")
    update = models.ForeignKey(IncidentUpdate, null=True, on_delete=models.CASCADE, related_name="notices")
    maintenance = models.ForeignKey(Maintenance, null=True, on_delete=models.CASCADE, related_name="notices")
    components = models.ManyToManyField(Component, related_name="+")
    payload = models.JSONField()
    created_at = models.DateTimeField(default=clock.now, editable=False)
    fanned_out_at = models.DateTimeField(null=True, editable=False)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(
                fields=["created_at"], condition=Q(fanned_out_at__isnull=True), name="notices_not_fanned_out"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=NoticeKind.values), name="notice_kind_is_known"),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="notice_audience_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"
