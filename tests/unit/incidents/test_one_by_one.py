"""One broken row holds up none of those behind it."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import OperationalError

from components.models import Component
from incidents import drafts
from incidents.enums import DraftKind, MaintenanceStatus
from incidents.maintenance import due, run_due, schedule_maintenance
from incidents.models import Draft, Maintenance
from incidents.one_by_one import one_by_one

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def window(component: Component, title: str) -> Maintenance:
    return schedule_maintenance(
        title=title,
        message="We work on it.",
        components=[component],
        scheduled_for=NOON + HOUR,
        scheduled_until=NOON + 2 * HOUR,
    )


def test_a_window_that_cannot_begin_does_not_keep_the_next_one_from_it(
    api: Component, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begin = due._begin_due

    def broken(row: Maintenance) -> bool:
        if row.title == "Broken":
            raise ZeroDivisionError
        return begin(row)

    monkeypatch.setattr(due, "_begin_due", broken)
    with time_machine.travel(NOON, tick=False):
        first, second = window(api, "Broken"), window(api, "Whole")
    with time_machine.travel(NOON + HOUR, tick=False):
        assert run_due() == 1
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.status, second.status) == (MaintenanceStatus.SCHEDULED, MaintenanceStatus.IN_PROGRESS)
    assert f"maintenance {first.pk} is left for the next time" in caplog.text


def test_a_draft_that_breaks_is_put_aside_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(drafts, "_publish", broken)
    draft = Draft.objects.create(kind=DraftKind.DECLARE, form={}, publish_at=NOON)
    monkeypatch.setattr(drafts._watch, "has_jumped", lambda *_times: False)
    with time_machine.travel(NOON + timedelta(seconds=1), tick=False):
        assert drafts.publish_due() == 0
        draft.refresh_from_db()
        assert "An error of our own" in draft.problem
        assert drafts.publish_due() == 0


def test_without_the_database_nothing_goes_on() -> None:
    def gone(_row: Draft) -> bool:
        raise OperationalError

    with pytest.raises(OperationalError):
        one_by_one([Draft(pk=1)], gone)
