"""Windows in which something is worked on, their kinds, and what is said about them."""

from datetime import datetime

from django.db import models
from django.db.models import Q

from components.models import Component, Region
from incidents.enums import MaintenanceImpact, MaintenanceStatus, Origin
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id


class MaintenanceKind(models.Model):
    """How far ahead such a window is announced. A reason is asked for when the rule is broken, or always."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField(default=0)
    lead_time = models.DurationField(null=True, blank=True, help_text="Announced at least this long ahead.")
    needs_reason = models.BooleanField(default=False, help_text="A reason is asked for and shown.")
    description = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["position", "slug"]

    def __str__(self) -> str:
        return self.name


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
    kind = models.ForeignKey(
        MaintenanceKind, null=True, blank=True, on_delete=models.PROTECT, related_name="maintenances"
    )
    reason = models.CharField(
        max_length=500,
        blank=True,
        help_text="Why it is urgent, or announced later than its kind's rule says. Shown.",
    )
    status = models.CharField(max_length=16, choices=MaintenanceStatus, default=MaintenanceStatus.SCHEDULED)
    expects_downtime = models.BooleanField(null=True, blank=True, help_text="Empty: nothing is said about it.")
    takes_platform_down = models.BooleanField(
        default=False, help_text="While it runs, /maintenance/ answers 503 for the platform."
    )
    phase = models.CharField(
        max_length=40,
        blank=True,
        help_text="A word for what is being done now, such as verifying. Shown while it runs.",
    )
    impact_level = models.CharField(max_length=16, choices=MaintenanceImpact, blank=True)
    impact_note = models.CharField(max_length=300, blank=True)
    scheduled_for = models.DateTimeField()
    scheduled_until = models.DateTimeField()
    announced_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the beginning that stands now was said."
    )
    announced_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="The end that was announced first, if it was extended."
    )
    estimated_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When it is expected to end, while it runs over."
    )
    starts_itself = models.BooleanField(default=True)
    ends_itself = models.BooleanField(
        default=True, help_text="Never before all steps are done and all services are back."
    )
    notify_start = models.BooleanField(default=True)
    notify_end = models.BooleanField(default=True)
    what_to_do = models.TextField(blank=True, help_text="Markdown: what customers can do meanwhile.")
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    origin = models.CharField(max_length=16, choices=Origin, default=Origin.STAFF, editable=False)
    external_url = models.URLField(max_length=300, blank=True, editable=False)
    dedupe_key = models.CharField(max_length=120, blank=True, editable=False)
    series = models.ForeignKey(
        "MaintenanceSeries", null=True, blank=True, on_delete=models.SET_NULL, related_name="occurrences"
    )
    occurs_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When the series puts it, wherever it was moved to."
    )
    is_changed_alone = models.BooleanField(default=False, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    regions = models.ManyToManyField(Region, blank=True, related_name="maintenances")
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
                condition=Q(impact_level="") | Q(impact_level__in=MaintenanceImpact.values),
                name="maintenance_impact_is_known",
            ),
            models.UniqueConstraint(fields=["series", "occurs_at"], name="one_window_an_occurrence"),
            models.UniqueConstraint(
                fields=["dedupe_key"], condition=~Q(dedupe_key=""), name="one_window_a_dedupe_key"
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

    @property
    def state(self) -> MaintenanceStatus:
        return MaintenanceStatus(self.status)

    @property
    def is_active(self) -> bool:
        return self.state in {MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING}

    def is_running_over(self, now: datetime) -> bool:
        """Whether it still runs though its announced end has passed."""
        return self.is_active and now > self.scheduled_until


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
