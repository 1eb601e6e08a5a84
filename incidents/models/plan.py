"""What belongs to a window: the state of each service, the steps, the reminders, and the series it is one of."""

from django.db import models
from django.db.models import Q

from components.models import Component, Region
from incidents.enums import MaintenanceImpact, ServiceState, StepState
from incidents.models.maintenance import Maintenance, MaintenanceKind
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id


class MaintenanceService(models.Model):
    """In what state a component is while the window runs, and when it is expected back."""

    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="services")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=16, choices=ServiceState, default=ServiceState.OPERATIONAL)
    eta_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["maintenance", "component"], name="one_service_a_window_and_component"),
            models.CheckConstraint(condition=Q(state__in=ServiceState.values), name="service_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.maintenance_id}: {self.component_id} {self.state}"


class MaintenanceStep(models.Model):
    """One step of the work, in order."""

    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=160)
    body = models.TextField(blank=True, help_text="Markdown.")
    state = models.CharField(max_length=16, choices=StepState, default=StepState.PENDING)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=StepState.values), name="step_state_is_known"),
            models.UniqueConstraint(
                fields=["maintenance"], condition=Q(state=StepState.RUNNING), name="one_step_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return self.title


class MaintenanceReminder(models.Model):
    """Subscribers hear of the window once more, this long before it begins."""

    maintenance = models.ForeignKey(Maintenance, on_delete=models.CASCADE, related_name="reminders")
    before = models.DurationField()
    due_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["maintenance", "before"], name="one_reminder_a_time")]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(sent_at__isnull=True), name="reminders_to_come"),
        ]

    def __str__(self) -> str:
        return f"{self.maintenance_id}: {self.before} before"


class MaintenanceSeries(models.Model):
    """A window that comes back: a rule (RFC 5545, RRULE) of wall-clock times in the page's zone.

    Windows are made from it ahead of time, each a row of its own that can be changed without the series.
    """

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=250)
    message = models.TextField(help_text="Markdown: the first word of each window.")
    rrule = models.CharField(max_length=500, help_text="Such as FREQ=MONTHLY;BYDAY=1TU,3TU")
    first_date = models.DateField(help_text="The day from which the rule counts.")
    begins = models.TimeField(help_text="Wall-clock time in the page's zone.")
    duration = models.DurationField()
    announce_before = models.DurationField(help_text="Each window is announced this long ahead.")
    reminders = models.JSONField(default=list, help_text="Seconds before the beginning.")
    kind = models.ForeignKey(MaintenanceKind, null=True, blank=True, on_delete=models.PROTECT, related_name="series")
    expects_downtime = models.BooleanField(null=True, blank=True)
    takes_platform_down = models.BooleanField(default=False)
    impact_level = models.CharField(max_length=16, choices=MaintenanceImpact, blank=True)
    impact_note = models.CharField(max_length=300, blank=True)
    components = models.ManyToManyField(Component, blank=True, related_name="+")
    regions = models.ManyToManyField(Region, blank=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["title", "pk"]
        verbose_name_plural = "maintenance series"

    def __str__(self) -> str:
        return self.title
