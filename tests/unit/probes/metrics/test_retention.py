from datetime import timedelta

import pytest

from probes.metrics.minutes import minute_of
from probes.models import Metric, MetricPoint
from probes.retention import apply_retention

from .conftest import NOON


@pytest.mark.usefixtures("at_noon")
def test_numbers_go_after_their_days(gauge: Metric, counter: Metric) -> None:
    for metric in (gauge, counter):
        for ago in (0, 89, 90, 91, 400):
            MetricPoint.objects.create(metric=metric, minute=minute_of(NOON - timedelta(days=ago)), value=1)
    apply_retention()
    found = MetricPoint.objects.order_by("metric_id", "-minute").values_list("metric_id", "minute")
    days = [0, 89, 90]
    assert list(found) == [
        (metric.pk, minute_of(NOON - timedelta(days=ago))) for metric in (gauge, counter) for ago in days
    ]
