"""Numbers that are old enough to go."""

from datetime import datetime

from probes.metrics.minutes import minute_of
from probes.models import Metric, MetricPoint


def delete_old_points(*, before: datetime) -> None:
    """Metric by metric: each delete follows the primary key and holds SQLite's one writer only shortly."""
    for metric_id in Metric.objects.values_list("pk", flat=True):
        MetricPoint.objects.filter(metric_id=metric_id, minute__lt=minute_of(before)).delete()
