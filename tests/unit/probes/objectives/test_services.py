"""What becomes of promises that are made, changed, ended and made again."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import time_machine

from components.models import Component, Page
from probes.enums import ObjectiveKind, ObjectiveWindow
from probes.models import Objective
from probes.objectives.services import end_objective, put_objective
from probes.objectives.terms import ObjectiveTerms

from .conftest import NOW

UTC_ZONE = ZoneInfo("UTC")
DAY = timedelta(days=1)


def put(**changes: Any) -> Objective:
    values: dict[str, Any] = {
        "slug": "availability",
        "name": "API availability",
        "kind": ObjectiveKind.AVAILABILITY,
        "components": ("api",),
        "groups": (),
        "window": ObjectiveWindow.CALENDAR_MONTH,
        "target": Decimal("99.9"),
        "percentile": None,
        "limit": None,
        "publish_after": timedelta(),
        "say": "",
        "since": None,
    }
    put_objective(terms=ObjectiveTerms(**(values | changes)), position=0, zone=UTC_ZONE)
    return Objective.objects.current().get(slug=(values | changes)["slug"])


def ended(now: time_machine.Traveller, **changes: Any) -> datetime:
    """When a promise ended that had held for three days."""
    objective = put(**changes)
    now.shift(3 * DAY)
    end_objective(objective=objective)
    now.shift(DAY)
    at = Objective.objects.get(pk=objective.pk).ended_at
    assert at is not None
    return at


def test_a_promise_that_is_made_again_never_began_while_the_earlier_one_held(
    api: Component, page: Page, now: time_machine.Traveller
) -> None:
    earlier = ended(now, since=date(2026, 1, 1))
    assert put(since=date(2026, 1, 1)).started_at == earlier
    # Said again on its first day it is simply changed, and still does not reach further back.
    now.shift(timedelta(hours=1))
    assert put(since=date(2026, 2, 1)).started_at == earlier


def test_a_promise_that_is_made_again_may_begin_any_time_after_the_earlier_one(
    api: Component, page: Page, now: time_machine.Traveller
) -> None:
    ended(now)
    assert put(since=date(2026, 11, 25)).started_at == datetime(2026, 11, 25, tzinfo=UTC)


def test_the_end_of_another_promise_is_no_bound(api: Component, page: Page, now: time_machine.Traveller) -> None:
    ended(now, slug="another")
    assert put(since=date(2026, 1, 1)).started_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_a_promise_that_is_made_again_without_a_day_begins_now(
    api: Component, page: Page, now: time_machine.Traveller
) -> None:
    ended(now)
    assert put().started_at == NOW + 4 * DAY
