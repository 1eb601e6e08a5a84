"""What was missed last month, for the front page of this one."""

from datetime import datetime
from functools import lru_cache

from django.db.models import Count, Max

from components.models import Page
from probes.models import Objective
from probes.objectives.report import Miss, missed_last_month


def last_months_misses(page: Page, now: datetime) -> tuple[Miss, ...]:
    """One query, and the report of the month behind it at most once an hour and version of the page.

    A month that is over changes by corrections alone, and each of these is a new version of the page.
    """
    promised = Objective.objects.aggregate(
        number=Count("pk"), newest=Max("pk"), started=Max("started_at"), ended=Max("ended_at")
    )
    if not promised["number"]:
        return ()
    hour = now.astimezone(page.zone).replace(minute=0, second=0, microsecond=0)
    return _misses(hour, page.version, tuple(promised.values()))


@lru_cache(maxsize=2)
def _misses(_hour: datetime, _version: int, _promised: tuple[object, ...]) -> tuple[Miss, ...]:
    return missed_last_month()


def forget() -> None:
    """For tests, whose databases share versions and hours."""
    _misses.cache_clear()
