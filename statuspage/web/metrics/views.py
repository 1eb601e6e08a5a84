"""The page that a Prometheus reads."""

import logging
from collections.abc import Iterator

from django.db import Error as DatabaseFailure
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from statuspage.web.metrics.access import may_read
from statuspage.web.metrics.parts import PARTS

logger = logging.getLogger(__name__)
REFUSED = "A token is needed, or an address of a private network: see docs/monitoring.md.\n"


class Collector:
    """All parts. One whose database does not answer is left out and said to be: the others are worth having."""

    def collect(self) -> Iterator[Metric]:
        readable = GaugeMetricFamily(
            "statuspage_metrics_readable", "Whether this part of the metrics could be read.", labels=["part"]
        )
        for name, part in PARTS.items():
            try:
                families = list(part())
            except DatabaseFailure as error:
                logger.warning("the metrics of %s cannot be read: %s", name, error)
                families = []
                readable.add_metric([name], 0)
            else:
                readable.add_metric([name], 1)
            yield from families
        yield readable


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """In Prometheus' text format."""
    if not may_read(request):
        answer = HttpResponse(REFUSED, status=401, content_type="text/plain; charset=utf-8")
        answer["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return answer
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Collector())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
