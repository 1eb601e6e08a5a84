"""What can break, and who says in what state it is."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models import Q

from components.enums import ClaimSource, ComponentStatus
from statuspage.core import clock
from statuspage.core.identifiers import PUBLIC_ID_LENGTH, new_public_id

# A probe's slug, and behind it that of one of its rules.
SOURCE_ID_LENGTH = 130


class Page(models.Model):
    """The page itself: one row, pk 1. `version` grows with every change that visitors should see."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    name = models.CharField(max_length=120, default="Status")
    url = models.URLField(max_length=300, default="http://127.0.0.1:8000", help_text="Used in every link and mail.")
    time_zone = models.CharField(max_length=64, default="UTC", help_text="IANA name, such as Europe/London.")
    description = models.CharField(max_length=500, blank=True)
    home_url = models.URLField(max_length=300, blank=True, help_text="Where the product itself is.")
    support_url = models.URLField(max_length=300, blank=True)
    support_email = models.EmailField(blank=True)
    refresh_seconds = models.PositiveIntegerField(default=30)
    private_incidents = models.BooleanField(
        default=False, help_text="New incidents publish severity, status and times only, unless staff say otherwise."
    )
    holidays = models.CharField(
        max_length=16,
        blank=True,
        help_text="Whose holidays are no business days: a country such as GB, or a part of one, such as DE-BY.",
    )
    accepts_reports = models.BooleanField(default=True, help_text="Visitors may tell us of a problem.")
    reports_to_signal = models.PositiveSmallIntegerField(
        default=3, help_text="So many reports while the page is green raise a signal."
    )
    reports_within = models.DurationField(default=timedelta(minutes=10), help_text="In how short a time.")
    monthly_report = models.BooleanField(
        default=True, help_text="On the first of a month, a report of the last one for those who subscribed to it."
    )
    version = models.PositiveBigIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="page_is_single")]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def current(cls) -> "Page":
        """The page's row, made with defaults on first use. One query."""
        page, _ = cls.objects.get_or_create(pk=1)
        return page

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def absolute_url(self, path: str) -> str:
        """The public address of a path: never built from a request's Host."""
        return f"{self.url.rstrip('/')}{path}"


class Group(models.Model):
    """Components that are shown under one heading."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["position", "pk"]

    def __str__(self) -> str:
        return self.name


class Region(models.Model):
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class ComponentQuerySet(models.QuerySet["Component"]):
    def active(self) -> "ComponentQuerySet":
        """Not taken out of the configuration."""
        return self.filter(retired_at__isnull=True)

    def visible(self) -> "ComponentQuerySet":
        """What the public page lists, in its order: groups by position, then components by position."""
        return self.active().filter(is_visible=True).order_by("position", "pk")


class Component(models.Model):
    """One thing that can break. `status` is the worst claim about it; only `components.services` writes it."""

    public_id = models.CharField(max_length=PUBLIC_ID_LENGTH, default=new_public_id, unique=True, editable=False)
    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=160)
    note = models.CharField(max_length=300, blank=True, help_text="The second line, such as www.example.com.")
    group = models.ForeignKey(Group, null=True, blank=True, on_delete=models.SET_NULL, related_name="components")
    regions = models.ManyToManyField(Region, blank=True, related_name="components")
    position = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=24, choices=ComponentStatus, default=ComponentStatus.UNKNOWN, editable=False)
    status_since = models.DateTimeField(default=clock.now, editable=False)
    is_visible = models.BooleanField(default=True)
    only_show_if_degraded = models.BooleanField(default=False)
    showcase = models.BooleanField(default=True, help_text="Whether its uptime is shown.")
    start_date = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(default=clock.now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ComponentQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ComponentStatus.values), name="component_status_is_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return f"/components/{self.slug}/"

    @property
    def state(self) -> ComponentStatus:
        """`status` as the enum, whatever way the row was loaded."""
        return ComponentStatus(self.status)

    @property
    def full_name(self) -> str:
        """Statuspage's way to name a grouped component."""
        return f"{self.group.name} - {self.name}" if self.group else self.name


class StatusClaim(models.Model):
    """Source X says that component C is in status S, since then. At most one a source."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="claims")
    source = models.CharField(max_length=16, choices=ClaimSource)
    source_id = models.CharField(max_length=SOURCE_ID_LENGTH, blank=True)
    status = models.CharField(max_length=24, choices=ComponentStatus)
    cause = models.CharField(max_length=300, blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["component", "source", "source_id"], name="one_claim_a_source"),
            models.CheckConstraint(condition=Q(source__in=ClaimSource.values), name="claim_source_is_known"),
            models.CheckConstraint(condition=Q(status__in=ComponentStatus.values), name="claim_status_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.source}: {self.component_id} is {self.status}"


class StatusChange(models.Model):
    """The log: the public status of a component changed, when and why. Never edited."""

    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="status_changes")
    old_status = models.CharField(max_length=24, choices=ComponentStatus)
    new_status = models.CharField(max_length=24, choices=ComponentStatus)
    source = models.CharField(max_length=16, choices=ClaimSource)
    source_id = models.CharField(max_length=SOURCE_ID_LENGTH, blank=True)
    cause = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["component", "at"], name="status_change_by_component")]

    def __str__(self) -> str:
        return f"{self.component_id}: {self.old_status} → {self.new_status}"
