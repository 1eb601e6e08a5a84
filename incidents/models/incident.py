"""Something is broken and this is what we say about it."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import TRANSITIONS, DueReason, Impact, IncidentStatus, Origin, Promise
from incidents.models.severity import SeverityPolicy
from statuspage.core import clock
from statuspage.core.errors import InvalidTransition
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> "IncidentQuerySet":
        return self.exclude(status=IncidentStatus.RESOLVED)

    def resolved(self) -> "IncidentQuerySet":
        return self.filter(status=IncidentStatus.RESOLVED)

    def shown(self) -> "IncidentQuerySet":
        """Without duplicates that were merged into another incident: those have an address, and are in no list."""
        return self.filter(merged_into__isnull=True)

    def newest_first(self) -> "IncidentQuerySet":
        return self.order_by("-started_at", "-pk")

    def with_postmortem(self) -> "IncidentQuerySet":
        """Each with `postmortem_at`, when its postmortem was published; None of a draft, and where there is none."""
        return self.annotate(postmortem_at=F("postmortem__published_at"))


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
    due_reason = models.CharField(max_length=16, choices=DueReason, blank=True, editable=False)
    promise = models.CharField(max_length=16, choices=Promise, default=Promise.BY, editable=False)
    is_retroactive = models.BooleanField(default=False, editable=False, help_text="Written down after it was over.")
    merged_into = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="duplicates", editable=False
    )
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
                condition=Q(due_reason="") | Q(due_reason__in=DueReason.values), name="incident_due_reason_is_known"
            ),
            models.CheckConstraint(condition=Q(promise__in=Promise.values), name="incident_promise_is_known"),
            models.CheckConstraint(
                condition=Q(merged_into__isnull=True) | (Q(status=IncidentStatus.RESOLVED) & ~Q(merged_into=F("id"))),
                name="merged_incident_is_over",
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


class Evidence(models.Model):
    """What a machine found that belongs to this incident, as it was then. Never edited."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="evidence")
    at = models.DateTimeField()
    what = models.CharField(max_length=160, help_text="Which probe or rule, and from where.")
    detail = models.CharField(max_length=500, blank=True)
    path = models.CharField(max_length=300, blank=True, help_text="Where the public can see more of it.")
    staff_path = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "evidence"

    def __str__(self) -> str:
        return f"{self.what} at {self.at:%Y-%m-%d %H:%M}"
