"""What is measured of ourselves, part by part."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable

from django.db.models import Count
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from statuspage.core import clock
from statuspage.web.publication.publisher import publisher
from subscriptions.enums import Channel, DeliveryState
from subscriptions.health import delivery_health
from subscriptions.models import Delivery, DeliveryCount

type Part = Callable[[], Iterable[Metric]]
ENDED = (DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SUPPRESSED)
BY_CHANNEL = ["channel"]


def waiting_deliveries() -> Iterable[Metric]:
    """Three queries. Every channel is there, so that an alert on it never waits for its first message."""
    health = {found.channel: found for found in delivery_health()}
    waiting = GaugeMetricFamily(
        "statuspage_deliveries_waiting", "Messages that are not sent yet, those to be tried again among them.",
        labels=BY_CHANNEL,
    )  # fmt: skip
    age = GaugeMetricFamily(
        "statuspage_delivery_queue_age_seconds",
        "How long the message has waited that should have gone out first; 0 when none is due.",
        labels=BY_CHANNEL,
    )
    ratio = GaugeMetricFamily(
        "statuspage_delivery_failure_ratio",
        "Of the messages tried within the last hour, the share that was not taken.",
        labels=BY_CHANNEL,
    )
    for channel in Channel:
        found, name = health.get(channel), [channel.value]
        waiting.add_metric(name, found.waiting if found else 0)
        age.add_metric(name, found.oldest_due.total_seconds() if found else 0)
        ratio.add_metric(name, found.failure_ratio if found else 0)
    return [waiting, age, ratio]


class EndedDeliveries:
    """How many messages of notices ended in which way, ever. Two queries, one of which reads the whole ledger.

    So it is asked again only after a hundred times as long as it took: it never costs more than a hundredth of the
    database's time. The numbers never fall, though a message that is sent again leaves those that failed.
    """

    SHORTEST_PAUSE_SECONDS = 10.0
    PAUSE_FACTOR = 100.0

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counted: Counter[tuple[str, str]] = Counter()
        self._next_at = 0.0

    def __call__(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() >= self._next_at:
                self._count()
            counted = dict(self._counted)
        total = CounterMetricFamily(
            "statuspage_deliveries", "Messages of notices that came to an end, by how.", labels=["channel", "state"]
        )
        for channel in Channel:
            for state in ENDED:
                total.add_metric([channel.value, state.value], counted.get((channel.value, state.value), 0))
        return [total]

    def _count(self) -> None:
        began = time.monotonic()
        counted: Counter[tuple[str, str]] = Counter()
        rows = Delivery.objects.filter(notice__isnull=False, state__in=ENDED).order_by().values("channel", "state")
        for channel, state, number in rows.annotate(number=Count("pk")).values_list("channel", "state", "number"):
            counted[channel, state] += number
        for channel, state, number in DeliveryCount.objects.values_list("channel", "state", "count"):
            counted[channel, state] += number
        self._counted |= counted
        now = time.monotonic()
        self._next_at = now + max(self.SHORTEST_PAUSE_SECONDS, self.PAUSE_FACTOR * (now - began))


def edition() -> Iterable[Metric]:
    """No query: what this process serves."""
    served = publisher.edition
    if served is None:
        return []
    age = served.age_seconds(clock.now())
    return [GaugeMetricFamily("statuspage_edition_age_seconds", "How old the page is that we serve.", value=age)]


# By the name under which a part that cannot be read is reported.
PARTS: dict[str, Part] = {
    "edition": edition,
    "waiting_deliveries": waiting_deliveries,
    "ended_deliveries": EndedDeliveries(),
}
