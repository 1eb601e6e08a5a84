"""What the console's front page says of messages: what goes out just now, what does not, who could not be reached."""

from collections.abc import Callable
from dataclasses import dataclass

from incidents.models import Notice
from subscriptions.admin_parts import about_notice
from subscriptions.enums import SubscriberState
from subscriptions.health import ChannelHealth, delivery_health
from subscriptions.models import Subscriber
from subscriptions.selectors import notices_in_flight

NOTICES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class InFlight:
    notice: Notice
    about: str
    remaining: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """`troubles` is asked of the rows by this very process: it is there also while every worker is dead."""

    in_flight: list[InFlight]
    troubles: list[ChannelHealth]
    quarantined: int


def telling(may: Callable[[str], bool]) -> Telling:
    """Nothing that is not theirs to see. Seven queries at most."""
    return Telling(
        in_flight=_in_flight() if may("incidents.view_notice") else [],
        troubles=[found for found in delivery_health() if found.trouble] if may("incidents.view_notice") else [],
        quarantined=_quarantined() if may("subscriptions.view_subscriber") else 0,
    )


def _in_flight() -> list[InFlight]:
    """The newest first. Three queries."""
    remaining = notices_in_flight()
    rows = Notice.objects.filter(pk__in=remaining).select_related("incident", "maintenance").defer("payload")
    rows = rows.prefetch_related("components")
    newest = rows.order_by("-created_at", "-pk")[:NOTICES_SHOWN]
    return [InFlight(notice=row, about=about_notice(row), remaining=remaining[row.pk]) for row in newest]


def _quarantined() -> int:
    return Subscriber.objects.filter(state=SubscriberState.QUARANTINED).count()
