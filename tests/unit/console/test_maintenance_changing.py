"""Changing what was announced, in the console."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from components.models import Component, Page
from incidents.enums import ServiceState
from incidents.maintenance import (
    ServicePlan,
    StepPlan,
    advance_step,
    cancel_maintenance,
    edit_maintenance,
    schedule_maintenance,
    start_maintenance,
)
from incidents.models import Maintenance, MaintenanceKind, Notice

TYPED = "A note that took minutes to write"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(db: None) -> Iterator[None]:
    Page.current()
    Page.objects.update(time_zone="Europe/London")
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def window(api: Component, web: Component) -> Maintenance:
    return schedule_maintenance(
        title="Database upgrade",
        message="We move.",
        components=[api],
        kind="routine",
        scheduled_for=NOW + timedelta(hours=80, seconds=30),
        scheduled_until=NOW + timedelta(hours=82),
        services=[ServicePlan(component=web, state=ServiceState.OFFLINE)],
        steps=[StepPlan(title="Drain"), StepPlan(title="Migrate")],
        reminders=[timedelta(hours=24), timedelta(hours=1)],
        expects_downtime=True,
    )


def url(window: Maintenance, action: str = "edit") -> str:
    return f"/admin/incidents/maintenance/{window.pk}/{action}/"


def text_of(response: Any) -> str:
    return str(response.content, "utf-8")


def sent_by_browser(text: str) -> dict[str, list[str]]:
    """What a browser would send of the form on this page."""
    form = text[text.index('id="edit"') :]
    found: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form):
        said = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if "name" not in said or (said.get("type") == "checkbox" and " checked" not in tag):
            continue
        found.setdefault(said["name"], []).append(unescape(said.get("value", "on")))
    for name, body in re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        found[name] = [unescape(body.removeprefix("\n"))]
    for name, body in re.findall(r'<select name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        found[name] = re.findall(r'value="([^"]*)" selected', body) or [""]
    found.pop("csrfmiddlewaretoken", None)
    return found


def opened(client: Client, window: Maintenance) -> dict[str, list[str]]:
    return sent_by_browser(text_of(client.get(url(window))))


def change(client: Client, window: Maintenance, seen: dict[str, list[str]], **said: str) -> Any:
    return client.post(url(window), seen | {name: [value] for name, value in said.items()})


def test_a_form_sent_as_it_was_opened_changes_nothing(staff: Client, window: Maintenance) -> None:
    before: dict[str, object] = {**Maintenance.objects.values().get()}
    steps = list(window.steps.values())
    assert change(staff, window, opened(staff, window)).status_code == 302
    after: dict[str, object] = {**Maintenance.objects.values().get()}
    for name in before.keys() - {"revision", "updated_at"}:
        assert after[name] == before[name], name
    assert list(window.steps.values()) == steps
    assert window.updates.count() == 1


def test_words_window_services_and_steps_are_changed_at_once(
    staff: Client, window: Maintenance, api: Component, web: Component
) -> None:
    extra = Component.objects.create(slug="cdn", name="CDN", position=3)
    seen = opened(staff, window)
    change(
        staff,
        window,
        seen,
        title="Database move",
        expects_downtime="no",
        reminders="2h",
        scheduled_for="2026-11-27T02:00",
        scheduled_until="2026-11-27T03:00",
        notify="on",
        **{
            f"service-{api.pk}": "",
            f"service-{web.pk}": "read_only",
            f"service-{extra.pk}": "worked",
            "step-1-title": "Copy",
        },
    )
    window.refresh_from_db()
    assert (window.title, window.expects_downtime) == ("Database move", False)
    assert window.scheduled_for == datetime(2026, 11, 27, 2, 0, tzinfo=UTC)
    assert set(window.components.all()) == {web, extra}
    assert window.services.get().state == "read_only"
    assert list(window.steps.values_list("title", flat=True)) == ["Drain", "Copy"]
    assert [reminder.before for reminder in window.reminders.all()] == [timedelta(hours=2)]
    assert "The window was moved." in window.updates.order_by("-pk")[0].body
    assert Notice.objects.count() == 2


def test_a_move_that_breaks_the_rule_is_refused_with_everything_kept(staff: Client, window: Maintenance) -> None:
    said = {"scheduled_for": "2026-11-22T08:00", "scheduled_until": "2026-11-22T09:00", "impact_note": TYPED}
    text = text_of(change(staff, window, opened(staff, window), **said))
    assert "Say why: the reason is shown." in text
    assert TYPED in text
    window.refresh_from_db()
    assert window.impact_note == ""
    change(staff, window, opened(staff, window), reason="A disk is dying.", **said)
    window.refresh_from_db()
    assert (window.reason, window.impact_note) == ("A disk is dying.", TYPED)


def test_half_of_a_change_is_none(staff: Client, window: Maintenance) -> None:
    text = text_of(change(staff, window, opened(staff, window), **{"title": TYPED, "step-0-title": "x" * 161}))
    assert "at most 160" in text
    assert TYPED in text
    window.refresh_from_db()
    assert window.title == "Database upgrade"


def test_the_warning_while_it_is_typed_looks_at_the_new_time(staff: Client, window: Maintenance) -> None:
    seen = opened(staff, window)
    assert "ahead" not in text_of(staff.post(url(window, "check"), seen))
    seen["scheduled_for"], seen["scheduled_until"] = ["2026-11-22T08:00"], ["2026-11-22T09:00"]
    assert "announced 20 hours ahead" in text_of(staff.post(url(window, "check"), seen))


def test_who_was_overtaken_loses_nothing_and_takes_nothing_back(staff: Client, window: Maintenance) -> None:
    seen = opened(staff, window)
    edit_maintenance(maintenance=window, title="I was faster", message="Changed by linus.", author="linus")
    response = change(staff, window, seen, impact_note=TYPED, **{"step-0-title": "Drain slowly"})
    text = text_of(response)
    assert response.status_code == 200
    assert "Somebody else changed" in text
    assert TYPED in text
    assert "Changed by linus." in text
    # What the browser would send now has both.
    staff.post(url(window), sent_by_browser(text))
    window.refresh_from_db()
    assert (window.title, window.impact_note) == ("I was faster", TYPED)
    assert window.steps.all()[0].title == "Drain slowly"


def test_steps_that_nobody_touched_keep_what_happened_to_them_meanwhile(staff: Client, window: Maintenance) -> None:
    start_maintenance(maintenance=window)
    seen = opened(staff, window)
    advance_step(maintenance=window)
    text = text_of(change(staff, window, seen, title=TYPED))
    assert "Somebody else changed" in text
    staff.post(url(window), sent_by_browser(text))
    window.refresh_from_db()
    assert window.title == TYPED
    assert list(window.steps.values_list("state", flat=True)) == ["running", "pending"]


def test_a_step_that_runs_goes_on_when_another_is_added(staff: Client, window: Maintenance) -> None:
    start_maintenance(maintenance=window)
    advance_step(maintenance=window)
    began = window.steps.get(title="Drain").started_at
    change(staff, window, opened(staff, window), **{"steps": "3", "step-2-title": "Refill"})
    assert list(window.steps.values_list("title", "state")) == [
        ("Drain", "running"),
        ("Migrate", "pending"),
        ("Refill", "pending"),
    ]
    assert window.steps.get(title="Drain").started_at == began


def test_rows_are_added_and_removed_without_a_script(staff: Client, window: Maintenance) -> None:
    seen = opened(staff, window)
    text = text_of(change(staff, window, seen, then="more", impact_note=TYPED))
    assert 'name="steps" value="5"' in text
    assert TYPED in text
    staff.post(url(window), sent_by_browser(text_of(change(staff, window, seen, drop="0"))))
    assert list(window.steps.values_list("title", flat=True)) == ["Migrate"]


def test_the_times_of_a_window_that_runs_are_not_in_the_form(staff: Client, window: Maintenance) -> None:
    start_maintenance(maintenance=window)
    text = text_of(staff.get(url(window)))
    assert 'name="scheduled_for"' not in text
    change(staff, window, opened(staff, window), phase="migrating")
    window.refresh_from_db()
    assert window.phase == "migrating"


def test_of_a_window_that_is_over_words_change(staff: Client, window: Maintenance) -> None:
    cancel_maintenance(maintenance=window, message="Not today.")
    text = text_of(staff.get(url(window)))
    assert "step-0-title" not in text
    change(staff, window, opened(staff, window), title="Another title", message="A word more.")
    window.refresh_from_db()
    assert window.title == "Another title"
    assert window.updates.order_by("-pk")[0].body == "A word more."


def test_a_window_between_two_equal_times_stays_where_it_is(staff: Client, window: Maintenance) -> None:
    """The second 01:30 of the night in which clocks are put back is shown as 01:30, and is not moved to the first."""
    at = datetime(2027, 10, 31, 1, 30, tzinfo=UTC)
    Maintenance.objects.update(scheduled_for=at, scheduled_until=at + timedelta(hours=1))
    seen = opened(staff, window)
    assert seen["scheduled_for"] == ["2027-10-31T01:30"]
    change(staff, window, seen, title="Another title")
    window.refresh_from_db()
    assert (window.title, window.scheduled_for) == ("Another title", at)


def test_a_retired_kind_of_rule_stays_readable(staff: Client, window: Maintenance) -> None:
    MaintenanceKind.objects.filter(slug="routine").update(name="Weekly <work>")
    assert "Weekly &lt;work&gt; – announced" in text_of(staff.get(url(window)))
