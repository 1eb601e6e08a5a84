"""Announcing maintenance in the console."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client

from components.models import Component, Page, Region
from incidents.models import Maintenance, MaintenanceKind, Notice
from probes.models import Correction

ADD = "/admin/incidents/maintenance/add/"
CHECK = "/admin/incidents/maintenance/check/"
TYPED = "A text that took minutes to write"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(db: None) -> Iterator[None]:
    Page.current()
    Page.objects.update(time_zone="Europe/London")
    with time_machine.travel(NOW, tick=False):
        yield


def kind(slug: str) -> str:
    return str(MaintenanceKind.objects.get(slug=slug).pk)


def announcement(component: Component, **said: str) -> dict[str, str]:
    return {
        "title": "Database upgrade",
        "message": "We move to a new version.",
        "scheduled_for": "2026-12-01T02:00",
        "scheduled_until": "2026-12-01T04:00",
        f"service-{component.pk}": "worked",
        "starts_itself": "on",
        "ends_itself": "on",
    } | said


def text_of(response: Any) -> str:
    return str(response.content, "utf-8")


def test_a_window_is_announced_in_one_form(staff: Client, api: Component, web: Component) -> None:
    region = Region.objects.create(slug="eu", name="Europe")
    said = announcement(
        api,
        kind=kind("routine"),
        expects_downtime="no",
        impact_level="low",
        impact_note="read-only mode",
        takes_platform_down="on",
        regions=str(region.pk),
        reminders="72h, 24h, 1h",
        what_to_do="Take a walk.",
        notify="on",
        notify_end="on",
        **{
            f"service-{web.pk}": "read_only",
            f"eta-{web.pk}": "90m",
            "steps": "3",
            "step-0-title": "Drain",
            "step-1-title": "",
            "step-2-title": "Migrate",
            "step-2-body": "Seven *changes*.",
        },
    )
    response = staff.post(ADD, said)
    window = Maintenance.objects.get()
    assert response.headers["Location"] == f"/admin/incidents/maintenance/{window.pk}/change/"
    assert window.scheduled_for == datetime(2026, 12, 1, 2, 0, tzinfo=UTC)
    assert (window.expects_downtime, window.impact_level, window.takes_platform_down) == (False, "low", True)
    assert (window.starts_itself, window.notify_start, window.notify_end) == (True, False, True)
    assert set(window.components.all()) == {api, web}
    assert list(window.regions.all()) == [region]
    service = window.services.get()
    assert (service.component, service.state) == (web, "read_only")
    assert service.eta_at == window.scheduled_for + timedelta(minutes=90)
    assert list(window.steps.values_list("title", "body")) == [("Drain", ""), ("Migrate", "Seven *changes*.")]
    assert [reminder.before for reminder in window.reminders.all()] == [
        timedelta(hours=72),
        timedelta(hours=24),
        timedelta(hours=1),
    ]
    assert window.updates.get().author == "ada"
    assert Notice.objects.count() == 1


def test_nobody_is_told_when_that_is_not_ticked(staff: Client, api: Component) -> None:
    staff.post(ADD, announcement(api))
    assert Maintenance.objects.count() == 1
    assert not Notice.objects.exists()


def test_the_same_form_sent_twice_is_one_window(staff: Client, api: Component) -> None:
    first, second = staff.post(ADD, announcement(api)), staff.post(ADD, announcement(api))
    assert Maintenance.objects.count() == 1
    assert first.headers["Location"] == second.headers["Location"]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "This field is required"),
        ("message", "", "This field is required"),
        ("scheduled_for", "soon", "Enter a valid date/time"),
        ("scheduled_for", "2032-01-01T00:00", "ends before it begins"),
        ("scheduled_until", "2026-12-01T01:00", "ends before it begins"),
        ("scheduled_until", "2027-12-01T01:00", "at most 31 days"),
        ("kind", "999", "not one of the available choices"),
        ("expects_downtime", "perhaps", "not one of the available choices"),
        ("reminders", "a while", "durations, each a duration such as"),
        ("reminders", "90d", "at most 60 days before"),
        ("what_to_do", "x" * 20_001, "at most 20000"),
    ],
)
def test_what_is_wrong_is_said_and_the_typed_text_stays(
    staff: Client, api: Component, field: str, value: str, sentence: str
) -> None:
    kept = "impact_note" if field in {"title", "message"} else "message"
    said = announcement(api, **{kept: TYPED, "steps": "1", "step-0-title": "Drain the queues", field: value})
    response = staff.post(ADD, said)
    assert response.status_code == 200
    assert sentence in text_of(response)
    assert TYPED in text_of(response)
    assert "Drain the queues" in text_of(response)
    assert not Maintenance.objects.exists()


def test_a_window_of_no_component_is_refused(staff: Client, api: Component) -> None:
    text = text_of(staff.post(ADD, announcement(api, message=TYPED, **{f"service-{api.pk}": ""})))
    assert "Name at least one component" in text
    assert TYPED in text


def test_a_return_that_cannot_be_read_is_refused_at_its_row(staff: Client, api: Component) -> None:
    said = announcement(api, message=TYPED, **{f"service-{api.pk}": "offline", f"eta-{api.pk}": "soonish"})
    text = text_of(staff.post(ADD, said))
    assert "Expected a time such as 15:20, or a duration" in text
    assert "soonish" in text
    assert TYPED in text


def test_a_step_without_a_title_is_refused(staff: Client, api: Component) -> None:
    text = text_of(staff.post(ADD, announcement(api, steps="1", **{"step-0-body": TYPED})))
    assert "Each step has a title" in text
    assert TYPED in text


def test_a_window_announced_too_late_needs_its_reason(staff: Client, api: Component) -> None:
    late = announcement(
        api, kind=kind("routine"), scheduled_for="2026-11-22T08:00", scheduled_until="2026-11-22T09:00", message=TYPED
    )
    text = text_of(staff.post(ADD, late))
    assert "announced at least 72 hours ahead; this window would be announced 20 hours ahead." in text
    assert "Say why: the reason is shown." in text
    assert TYPED in text
    assert not Maintenance.objects.exists()
    staff.post(ADD, late | {"reason": "A disk is dying."})
    assert Maintenance.objects.get().reason == "A disk is dying."


def test_the_rule_of_each_kind_is_read_before_it_is_chosen(staff: Client, api: Component) -> None:
    text = text_of(staff.get(ADD))
    assert "Routine – announced at least 72 hours ahead" in text
    assert "at any time, with a reason" in text
    assert "Begins (Europe/London)" in text


def test_the_warning_comes_while_it_is_typed(staff: Client, api: Component) -> None:
    said = {"kind": kind("routine"), "scheduled_for": "2026-11-22T08:00", "scheduled_until": "2026-11-22T09:00"}
    text = text_of(staff.post(CHECK, said))
    assert "this window would be announced 20 hours ahead. Say why: the reason is shown." in text
    assert "<html" not in text
    text = text_of(staff.post(CHECK, said | {"reason": "A disk is dying."}))
    assert "Your reason is shown." in text
    text = text_of(
        staff.post(CHECK, said | {"scheduled_for": "2026-11-24T12:00", "scheduled_until": "2026-11-24T13:00"})
    )
    assert "ahead" not in text
    assert "It lasts 1 hour" in text


def test_a_time_that_no_clock_shows_says_what_to_choose_and_the_text_stays(staff: Client, api: Component) -> None:
    said = announcement(api, message=TYPED, scheduled_for="2027-03-28T01:30", scheduled_until="2027-03-28T04:00")
    for text in (text_of(staff.post(ADD, said)), text_of(staff.post(CHECK, said))):
        assert "No clock in Europe/London shows 01:30 on 28 March 2027" in text
        assert "Choose 02:30" in text
    assert TYPED in text_of(staff.post(ADD, said))
    assert not Maintenance.objects.exists()


def test_of_a_time_that_comes_twice_the_first_is_meant_and_said(staff: Client, api: Component) -> None:
    said = announcement(api, scheduled_for="2027-10-31T01:30", scheduled_until="2027-10-31T03:30")
    text = text_of(staff.post(CHECK, said))
    assert "show 01:30 twice on 31 October 2027: the first one is meant, 00:30 UTC." in text
    assert "It lasts 3 hours" in text
    assert "change while it runs" in text
    staff.post(ADD, said)
    window = Maintenance.objects.get()
    assert window.scheduled_for == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert window.scheduled_until == datetime(2027, 10, 31, 3, 30, tzinfo=UTC)


def test_summer_times_are_those_of_the_pages_clocks(staff: Client, api: Component) -> None:
    staff.post(ADD, announcement(api, scheduled_for="2027-07-01T02:00", scheduled_until="2027-07-01T04:00"))
    assert Maintenance.objects.get().scheduled_for == datetime(2027, 7, 1, 1, 0, tzinfo=UTC)


def test_rows_are_added_and_removed_without_a_script(staff: Client, api: Component) -> None:
    said = announcement(
        api, message=TYPED, title="", steps="2", **{"step-0-title": "Drain", "step-1-title": "Migrate"}
    )
    text = text_of(staff.post(ADD, said | {"then": "more"}))
    assert 'name="steps" value="5"' in text
    assert "Migrate" in text
    assert TYPED in text
    # Nothing is refused while rows are added.
    assert "This field is required" not in text
    text = text_of(staff.post(ADD, said | {"drop": "0"}))
    assert 'name="steps" value="1"' in text
    assert 'value="Migrate"' in text
    assert 'value="Drain"' not in text
    assert not Maintenance.objects.exists()


def test_an_empty_form_has_several_rows_and_odd_counts_do_no_harm(staff: Client, api: Component) -> None:
    assert 'name="step-2-title"' in text_of(staff.get(ADD))
    for count in ("-1", "99999999", "²", "x", ""):
        assert staff.post(ADD, announcement(api, title="", steps=count)).status_code == 200


def test_the_times_are_checked_without_a_script(staff: Client, api: Component) -> None:
    said = announcement(
        api,
        then="check",
        title="",
        kind=kind("routine"),
        scheduled_for="2026-11-22T08:00",
        scheduled_until="2026-11-22T09:00",
    )
    text = text_of(staff.post(ADD, said))
    assert "Say why: the reason is shown." in text
    assert "This field is required" not in text
    assert not Maintenance.objects.exists()


def test_a_window_of_the_past_is_written_down_and_left_out_of_uptime(staff: Client, api: Component) -> None:
    said = announcement(api, scheduled_for="2026-11-21T09:00", scheduled_until="2026-11-21T10:00", notify="on")
    assert "It is over already" in text_of(staff.post(CHECK, said))
    staff.post(ADD, said)
    window = Maintenance.objects.get()
    assert window.status == "completed"
    assert not Notice.objects.exists()
    correction = Correction.objects.get()
    assert (correction.maintenance, correction.kind, correction.author) == (window, "maintenance", "ada")


def test_a_window_that_has_begun_runs_at_once_and_its_past_is_left_out(staff: Client, api: Component) -> None:
    staff.post(ADD, announcement(api, scheduled_for="2026-11-21T11:00", scheduled_until="2026-11-21T13:00"))
    assert Maintenance.objects.get().status == "in_progress"
    correction = Correction.objects.get()
    assert (correction.starts_at.hour, correction.ends_at.hour) == (11, 12)


def test_of_a_window_to_come_nothing_is_left_out(staff: Client, api: Component) -> None:
    staff.post(ADD, announcement(api))
    assert not Correction.objects.exists()


def test_who_may_only_look_cannot_announce(client: Client, api: Component) -> None:
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_maintenance"))
    client.force_login(user)
    assert client.get(ADD).status_code == 403
    assert client.post(ADD, announcement(api)).status_code == 403
    assert client.post(CHECK, {}).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="add_maintenance"))
    assert client.get(ADD).status_code == 200


@pytest.mark.parametrize("url", [ADD, CHECK])
def test_strangers_are_sent_to_the_login(client: Client, url: str) -> None:
    assert client.post(url, {}).headers["Location"].startswith("/admin/login/")


def test_ten_thousand_fields_and_control_characters_are_refused(staff: Client, api: Component) -> None:
    assert staff.post(ADD, {f"f{number}": "x" for number in range(10_000)}).status_code in {400, 413}
    said = announcement(api, steps="1", **{"step-0-title": "a\0b"})
    staff.post(ADD, said)
    assert Maintenance.objects.get().steps.get().title == "ab"


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Auckland", "UTC"])
@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59"])
@pytest.mark.parametrize("field", ["scheduled_for", "scheduled_until"])
def test_a_time_at_the_ends_of_the_calendar_is_refused_and_the_text_kept(
    staff: Client, api: Component, zone: str, at: str, field: str
) -> None:
    Page.objects.update(time_zone=zone)
    for path in (ADD, CHECK):
        response = staff.post(path, announcement(api, message=TYPED, **{field: at}))
        assert response.status_code == 200
    assert TYPED in text_of(staff.post(ADD, announcement(api, message=TYPED, **{field: at})))
    assert not Maintenance.objects.exists()
