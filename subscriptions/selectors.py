"""How far the telling has come."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Min, Q

from statuspage.core import clock
from subscriptions.enums import DeliveryState
from subscriptions.models import Delivery


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


def notice_progress(notice_ids: Collection[int]) -> dict[int, Progress]:
    """One query. A notice that nobody is to hear of, or that is not fanned out yet, has a Progress of zeros."""
    counts = (
        Delivery.objects.filter(notice__in=notice_ids)
        .order_by()
        .values("notice_id")
        .annotate(
            total=Count("pk"),
            sent=Count("pk", filter=Q(state=DeliveryState.SENT)),
            failed=Count("pk", filter=Q(state=DeliveryState.FAILED)),
            suppressed=Count("pk", filter=Q(state=DeliveryState.SUPPRESSED)),
            remaining=Count("pk", filter=Q(state=DeliveryState.PENDING)),
        )
    )
    found = {
        row["notice_id"]: Progress(
            total=row["total"],
            sent=row["sent"],
            failed=row["failed"],
            suppressed=row["suppressed"],
            remaining=row["remaining"],
        )
        for row in counts
    }
    return {notice_id: found.get(notice_id, Progress()) for notice_id in notice_ids}


def queue_age() -> timedelta:
    """How long the oldest message that is not sent has waited; zero if none waits. One query."""
    oldest = Delivery.objects.pending().aggregate(oldest=Min("created_at"))["oldest"]
    return timedelta(0) if oldest is None else max(clock.now() - oldest, timedelta(0))
