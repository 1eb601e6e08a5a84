"""What is promised: objectives, the SLA with its tiers, and what a missed month gives back.

Terms are never rewritten: changed ones end the row (`ended_at`) and begin another, so that a month is judged by what
was promised in it. `probes.objectives.services` is the only writer.
"""

from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from components.models import Component, Group
from probes.enums import ObjectiveKind, ObjectiveWindow
from statuspage.core import clock

PERCENTILES = (50, 95, 99)
# 100 with four places: 99.9999 is the finest target.
PERCENT_DIGITS, PERCENT_PLACES = 7, 4
PERCENT_BOUNDS = [MinValueValidator(0), MaxValueValidator(100)]


class PromiseQuerySet[M: models.Model](models.QuerySet[M]):
    def current(self) -> "PromiseQuerySet[M]":
        """What is promised now."""
        return self.filter(ended_at__isnull=True)

    def in_force(self, begin: datetime, end: datetime) -> "PromiseQuerySet[M]":
        """What was promised for any part of this time."""
        return self.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=begin), started_at__lt=end)


class Objective(models.Model):
    """One promise. Availability has a `target`; latency and heartbeat age a `percentile` and a `limit`; a statement
    has words alone. The components of `groups` are those that are in them when it is measured."""

    slug = models.SlugField(max_length=80)
    name = models.CharField(max_length=160)
    kind = models.CharField(max_length=16, choices=ObjectiveKind)
    components = models.ManyToManyField(Component, blank=True, related_name="objectives")
    groups = models.ManyToManyField(Group, blank=True, related_name="objectives")
    window = models.CharField(max_length=16, choices=ObjectiveWindow, default=ObjectiveWindow.CALENDAR_MONTH)
    target = models.DecimalField(
        max_digits=PERCENT_DIGITS,
        decimal_places=PERCENT_PLACES,
        null=True,
        blank=True,
        validators=PERCENT_BOUNDS,
        help_text="Per cent of the measured five-minute intervals.",
    )
    percentile = models.PositiveSmallIntegerField(null=True, blank=True)
    limit = models.DurationField(null=True, blank=True)
    publish_after = models.DurationField(default=timedelta(), help_text="Figures are shown after so much history.")
    say = models.CharField(max_length=500, blank=True)
    position = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = PromiseQuerySet["Objective"].as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ObjectiveKind.values), name="objective_kind_is_known"),
            models.CheckConstraint(condition=Q(window__in=ObjectiveWindow.values), name="objective_window_is_known"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gt=F("started_at")),
                name="objective_ends_after_it_begins",
            ),
            models.CheckConstraint(
                condition=Q(kind=ObjectiveKind.AVAILABILITY, target__gt=0, target__lte=100)
                | Q(
                    kind__in=[ObjectiveKind.LATENCY, ObjectiveKind.HEARTBEAT_AGE],
                    percentile__in=PERCENTILES,
                    limit__gt=timedelta(),
                )
                | Q(kind=ObjectiveKind.STATEMENT),
                name="objective_has_what_its_kind_needs",
            ),
            models.UniqueConstraint(
                fields=["slug"], condition=Q(ended_at__isnull=True), name="one_objective_a_slug_now"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SlaPolicy(models.Model):
    """The SLA: what is measured, how, and what to do when one sees it otherwise. No components: all that are shown."""

    name = models.CharField(max_length=160)
    text = models.TextField(blank=True, help_text="Markdown: windowing, exclusions.")
    dispute = models.TextField(blank=True, help_text="Markdown: whom to write to, until when, with what.")
    components = models.ManyToManyField(Component, blank=True, related_name="sla_policies")
    window = models.CharField(max_length=16, choices=ObjectiveWindow, default=ObjectiveWindow.CALENDAR_MONTH)
    started_at = models.DateTimeField(default=clock.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    objects = PromiseQuerySet["SlaPolicy"].as_manager()

    class Meta:
        verbose_name = "SLA"
        verbose_name_plural = "SLA"
        ordering = ["-started_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(window__in=ObjectiveWindow.values), name="sla_window_is_known"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gt=F("started_at")), name="sla_ends_after_it_begins"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SlaTier(models.Model):
    """What one class of customers is promised. `slug` is the operator's own word for it, such as TEAM."""

    policy = models.ForeignKey(SlaPolicy, on_delete=models.CASCADE, related_name="tiers")
    slug = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    target = models.DecimalField(
        max_digits=PERCENT_DIGITS, decimal_places=PERCENT_PLACES, validators=PERCENT_BOUNDS, help_text="Per cent."
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "SLA tier"
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "slug"], name="one_tier_a_slug_and_sla"),
            models.CheckConstraint(condition=Q(target__gt=0, target__lte=100), name="tier_target_is_a_percentage"),
        ]

    def __str__(self) -> str:
        return self.name


class CreditBand(models.Model):
    """Availability below `below` per cent gives back `credit` per cent of the month's fee; the lowest band counts."""

    tier = models.ForeignKey(SlaTier, on_delete=models.CASCADE, related_name="bands")
    below = models.DecimalField(max_digits=PERCENT_DIGITS, decimal_places=PERCENT_PLACES, validators=PERCENT_BOUNDS)
    credit = models.DecimalField(max_digits=PERCENT_DIGITS, decimal_places=PERCENT_PLACES, validators=PERCENT_BOUNDS)

    class Meta:
        ordering = ["tier_id", "-below"]
        constraints = [
            models.UniqueConstraint(fields=["tier", "below"], name="one_band_a_bound_and_tier"),
            models.CheckConstraint(
                condition=Q(below__gt=0, below__lte=100, credit__gt=0, credit__lte=100),
                name="band_holds_percentages",
            ),
        ]

    def __str__(self) -> str:
        return f"below {self.below} %: {self.credit} %"
