from collections.abc import Callable
from datetime import timedelta

import time_machine
from pytest_django import DjangoAssertNumQueries

from incidents.models import Notice
from statuspage.core import clock
from subscriptions.enums import Channel, DeliveryState
from subscriptions.fanout import fan_out
from subscriptions.models import Delivery, DeliveryCount, Subscriber
from subscriptions.selectors import (
    LiveProgress,
    Progress,
    live_progress,
    notice_progress,
    notices_in_flight,
    queue_age,
)


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


def test_what_was_forgotten_counts_as_it_ended(notice: Notice, subscriber: Callable[..., Subscriber]) -> None:
    subscriber()
    fan_out(notice)
    DeliveryCount.objects.create(notice=notice, channel=Channel.EMAIL, state=DeliveryState.SENT, count=90)
    DeliveryCount.objects.create(notice=notice, channel=Channel.SLACK, state=DeliveryState.FAILED, count=2)
    assert notice_progress([notice.pk])[notice.pk] == Progress(total=93, sent=90, failed=2, remaining=1)


def test_live_progress_says_how_fast_it_goes_and_when_it_ends(
    notice: Notice, subscriber: Callable[..., Subscriber], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        subscriber(f"r{number}@example.org")
    subscriber("https://hooks.example.net/x", channel=Channel.WEBHOOK)
    fan_out(notice)
    nobody = live_progress(notice.pk)
    assert (nobody.overall.percent, nobody.per_second, nobody.ends_in) == (0, 0.0, None)
    now = clock.now()
    first, second, third, *_ = Delivery.objects.filter(channel=Channel.EMAIL).values_list("pk", flat=True)
    Delivery.objects.filter(pk__in=[first, second]).update(state=DeliveryState.SENT, sent_at=now)
    Delivery.objects.filter(pk=third).update(state=DeliveryState.SENT, sent_at=now - timedelta(minutes=2))
    with time_machine.travel(now, tick=False), django_assert_num_queries(2):
        live = live_progress(notice.pk)
    assert live == LiveProgress(
        overall=Progress(total=5, sent=3, remaining=2),
        channels=(
            (Channel.EMAIL, Progress(total=4, sent=3, remaining=1)),
            (Channel.WEBHOOK, Progress(total=1, remaining=1)),
        ),
        per_second=2 / 60,
        ends_in=timedelta(minutes=1),
    )
    assert live.overall.percent == 60


def test_all_but_one_of_many_is_not_all() -> None:
    assert Progress(total=100_000, sent=99_999, remaining=1).percent == 99
    assert Progress(total=0).percent == 100


def test_only_notices_with_something_to_send_are_in_flight(
    notice: Notice, subscriber: Callable[..., Subscriber], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    reader = subscriber()
    Delivery.objects.create(subscriber=reader, purpose="confirmation")
    assert notices_in_flight() == {}
    fan_out(notice)
    with django_assert_num_queries(1):
        assert notices_in_flight() == {notice.pk: 1}
    Delivery.objects.update(state=DeliveryState.FAILED)
    assert notices_in_flight() == {}
