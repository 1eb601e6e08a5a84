"""Who may push, and a push recorded."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from probes.enums import MetricKind
from probes.metrics.minutes import time_of
from probes.metrics.push import Push
from probes.models import Metric, MetricPoint
from probes.models.metrics import KEY
from statuspage.core.database import retry_on_conflict
from statuspage.core.errors import DomainError, NoToken, RateLimited
from statuspage.core.rate_limit import allow
from statuspage.core.tokens import hash_token

PUSHES_A_MINUTE = 600
MINUTE = timedelta(minutes=1)
# Compared with where there is no such metric, so that both refusals are the same work.
NOBODY = hash_token("")


class NotAllowed(DomainError):
    http_status = 403
    title = "This token may not do that"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """`points` is how many minutes got a number; `newest_at` the newest of them, UTC."""

    points: int
    newest_at: datetime


def metric_for(*, key: str, token: str) -> Metric:
    """The metric, if this token may write it.

    Raises NoToken, NotAllowed – the same for a wrong token and an unknown metric, so that nobody learns which there
    are – or RateLimited. One query.
    """
    if not token:
        raise NoToken("Send the metric's token: Authorization: Bearer TOKEN.")
    hashed = hash_token(token)
    # What cannot be a key is not asked for: a database may not take every character.
    metric = Metric.objects.active().filter(key=key).first() if KEY.fullmatch(key) else None
    if not secrets.compare_digest(hashed, metric.token_hash if metric else NOBODY) or metric is None:
        raise NotAllowed("This token may not write this metric. Compare both with the configuration.")
    # Counted only now: whoever guesses tokens would fill the cache.
    if not allow(f"metrics:{hashed}", limit=PUSHES_A_MINUTE, per=MINUTE):
        raise RateLimited(f"This token pushed {PUSHES_A_MINUTE} times in a minute. Send several points in one push.")
    return metric


@retry_on_conflict
@transaction.atomic
def record_push(*, metric: Metric, push: Push) -> Recorded:
    """Keep the numbers. One with a time replaces its minute, so that it may be sent twice; a counter's without one is
    added. Two queries at most. The page's version stays: the page is made anew at its own pace.
    """
    if push.is_now and metric.kind == MetricKind.COUNTER_24H:
        _add(metric, push)
    else:
        MetricPoint.objects.bulk_create(
            # In order: two pushes for the same minutes then wait for each other and do not lock each other out.
            [MetricPoint(metric=metric, minute=minute, value=push.values[minute]) for minute in sorted(push.values)],
            update_conflicts=True,
            update_fields=["value"],
            unique_fields=["metric_id", "minute"],
        )
    return Recorded(points=len(push.values), newest_at=time_of(max(push.values)))


def _add(metric: Metric, push: Push) -> None:
    for minute, value in push.values.items():
        MetricPoint.objects.bulk_create([MetricPoint(metric=metric, minute=minute, value=0)], ignore_conflicts=True)
        MetricPoint.objects.filter(metric=metric, minute=minute).update(value=F("value") + value)
