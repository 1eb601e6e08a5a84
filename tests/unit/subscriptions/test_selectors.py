from collections.abc import Callable
from datetime import timedelta

import time_machine
from pytest_django import DjangoAssertNumQueries

from incidents.models import Notice
from statuspage.core import clock
from subscriptions.enums import DeliveryState
from subscriptions.fanout import fan_out
from subscriptions.models import Delivery, Subscriber
from subscriptions.selectors import Progress, notice_progress, queue_age


def test_progress_counts_each_outcome_in_one_query(
    notice: Notice, subscriber: Callable[..., Subscriber], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        subscriber(f"r{number}@example.org")
    fan_out(notice)
    ids = list(Delivery.objects.values_list("pk", flat=True))
    outcomes = (DeliveryState.SENT, DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.SUPPRESSED)
    for pk, state in zip(ids, outcomes, strict=False):
        Delivery.objects.filter(pk=pk).update(state=state)
    with django_assert_num_queries(1):
        progress = notice_progress([notice.pk, -1])
    assert progress[notice.pk] == Progress(total=5, sent=2, failed=1, suppressed=1, remaining=1)
    assert not progress[notice.pk].is_done
    assert progress[-1] == Progress()


def test_the_queue_is_as_old_as_what_waits_longest(notice: Notice, subscriber: Callable[..., Subscriber]) -> None:
    assert queue_age() == timedelta(0)
    subscriber()
    now = clock.now()
    with time_machine.travel(now, tick=False):
        fan_out(notice)
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        assert queue_age() == timedelta(hours=1)
