"""Public counters: what may be pushed, and the numbers that were."""

import re
from datetime import timedelta

from django.db import models
from django.db.models import OuterRef, Q, Subquery

from probes.enums import MetricKind
from probes.metrics.minutes import time_of
from statuspage.core import clock

KEY_LENGTH = 64
UNIT_LENGTH = 20
KEY = re.compile(rf"[a-z0-9_]{{1,{KEY_LENGTH}}}", re.ASCII)


class MetricQuerySet(models.QuerySet["Metric"]):
    def active(self) -> "MetricQuerySet":
        """Not taken out of the configuration."""
        return self.filter(retired_at__isnull=True)

    def with_newest(self) -> "MetricQuerySet":
        """Each with `last_minute` and `last_value`, None before its first number."""
        newest = MetricPoint.objects.filter(metric=OuterRef("pk")).order_by("-minute")
        return self.annotate(
            last_minute=Subquery(newest.values("minute")[:1]), last_value=Subquery(newest.values("value")[:1])
        )


class Metric(models.Model):
    """A public counter or gauge, as the configuration says it. Of its token only the hash is kept."""

    key = models.CharField(max_length=KEY_LENGTH, unique=True)
    name = models.CharField(max_length=80)
    unit = models.CharField(max_length=UNIT_LENGTH, blank=True)
    kind = models.CharField(max_length=16, choices=MetricKind)
    in_snapshot = models.BooleanField(default=True, help_text="It stands in /status.json.")
    has_chart = models.BooleanField(default=True, help_text="Its last 24 hours are drawn.")
    stale_after = models.DurationField(default=timedelta(minutes=15))
    token_hash = models.CharField(max_length=64, editable=False)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    retired_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = MetricQuerySet.as_manager()

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=MetricKind.values), name="metric_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.key


class MetricPoint(models.Model):
    """A metric's number for one minute.

    The minute is a count, not a time: quarters of hours are then plain arithmetic in any database.
    """

    pk = models.CompositePrimaryKey("metric_id", "minute")
    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="points", db_index=False)
    minute = models.PositiveIntegerField(help_text="Minutes since 1970, UTC.")
    value = models.FloatField()

    def __str__(self) -> str:
        return f"{self.metric_id} at {time_of(self.minute)}: {self.value}"
