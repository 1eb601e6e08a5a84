"""Live counters in the console: what was pushed last. What a metric is comes from the configuration."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from components.admin_base import ReadOnlyAdmin, RetiredFilter
from probes.metrics.minutes import time_of
from probes.models import Metric
from statuspage.core.durations import format_duration

NOTHING = "–"


@admin.register(Metric)
class MetricAdmin(ReadOnlyAdmin[Metric]):
    list_display = ("name", "key", "kind", "newest", "pushed", "patience", "in_snapshot", "has_chart")
    list_filter = (RetiredFilter,)
    search_fields = ("name", "key")
    fields = ("name", "key", "unit", "kind", "newest", "pushed", "patience", "in_snapshot", "has_chart", "retired_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Metric]:
        return Metric.objects.with_newest()

    @admin.display(description="Newest number")
    def newest(self, metric: Metric) -> str:
        value: float | None = getattr(metric, "last_value", None)
        return NOTHING if value is None else f"{value:,.10g} {metric.unit}".strip()

    @admin.display(description="Of (UTC)")
    def pushed(self, metric: Metric) -> str:
        minute: int | None = getattr(metric, "last_minute", None)
        return NOTHING if minute is None else f"{time_of(minute):%Y-%m-%d %H:%M}"

    @admin.display(description="Stale after", ordering="stale_after")
    def patience(self, metric: Metric) -> str:
        return format_duration(metric.stale_after)
