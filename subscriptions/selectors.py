"""How far the telling has come."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min

from statuspage.core import clock
from subscriptions.enums import Channel, DeliveryState
from subscriptions.models import Delivery, DeliveryCount

RATE_OVER = timedelta(minutes=1)

type Counted = tuple[int, str, str, int]  # notice, channel, state, how many


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Of one notice: how many are to hear of it, and what became of each."""

    total: int = 0
    sent: int = 0
    failed: int = 0
    suppressed: int = 0
    remaining: int = 0

    @property
    def is_done(self) -> bool:
        return self.remaining == 0

    @property
    def is_over(self) -> bool:
        """There was somebody to tell, and nothing waits any more."""
        return self.total > 0 and self.is_done

    @property
    def percent(self) -> int:
        """Of those that came to an end in some way; 100 only when none waits."""
        return 100 if self.is_done else 100 * (self.total - self.remaining) // self.total


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveProgress:
    """The same with each channel apart, and how fast it goes: `per_second` over the last minute.

    `ends_in` is None while nothing moves, and when all is done.
    """

    overall: Progress
    channels: tuple[tuple[Channel, Progress], ...]
    per_second: float
    ends_in: timedelta | None


def notice_progress(notice_ids: Collection[int]) -> dict[int, Progress]:
    """One query. A notice that nobody is to hear of, or that is not fanned out yet, has a Progress of zeros.

    What was forgotten since counts as it ended. The query reads the index entry of each delivery of these notices.
    """
    counted = _counted(notice_ids)
    return {notice_id: _progress(row for row in counted if row[0] == notice_id) for notice_id in notice_ids}


def live_progress(notice_id: int) -> LiveProgress:
    """Two queries: one for each delivery of this notice, and one for what was sent within the last minute."""
    counted = _counted([notice_id])
    overall = _progress(counted)
    lately = Delivery.objects.filter(notice=notice_id, state=DeliveryState.SENT, sent_at__gte=clock.now() - RATE_OVER)
    per_second = lately.count() / RATE_OVER.total_seconds()
    return LiveProgress(
        overall=overall,
        channels=tuple(
            (channel, _progress(row for row in counted if row[1] == channel))
            for channel in Channel
            if any(row[1] == channel for row in counted)
        ),
        per_second=per_second,
        ends_in=timedelta(seconds=overall.remaining / per_second) if per_second and overall.remaining else None,
    )


def notices_in_flight() -> dict[int, int]:
    """How many still wait, by the notice's key. One query, over what waits alone."""
    waiting = Delivery.objects.pending().filter(notice__isnull=False).order_by()
    return dict(waiting.values("notice_id").annotate(number=Count("*")).values_list("notice_id", "number"))


def queue_age() -> timedelta:
    """How long the oldest message that is not sent has waited; zero if none waits. One query."""
    oldest = Delivery.objects.pending().aggregate(oldest=Min("created_at"))["oldest"]
    return timedelta(0) if oldest is None else max(clock.now() - oldest, timedelta(0))


def _counted(notice_ids: Collection[int]) -> list[Counted]:
    columns = ("notice_id", "channel", "state")
    rows = Delivery.objects.filter(notice__in=notice_ids).order_by().values(*columns).annotate(number=Count("*"))
    forgotten = DeliveryCount.objects.filter(notice__in=notice_ids).order_by()
    both = rows.values_list(*columns, "number").union(forgotten.values_list(*columns, "count"), all=True).order_by()
    return [(notice, channel, state, number) for notice, channel, state, number in both]


def _progress(counted: Iterable[Counted]) -> Progress:
    by_state = dict.fromkeys(DeliveryState.values, 0)
    for _, _, state, number in counted:
        by_state[state] += number
    return Progress(
        total=sum(by_state.values()),
        sent=by_state[DeliveryState.SENT],
        failed=by_state[DeliveryState.FAILED],
        suppressed=by_state[DeliveryState.SUPPRESSED],
        remaining=by_state[DeliveryState.PENDING],
    )
