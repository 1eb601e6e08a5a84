"""Windows that come back, and kinds, in the console."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from components.models import Component, Page
from incidents.forms_maintenance_series import choice_of, rule_for
from incidents.maintenance import create_series, edit_maintenance, edit_series, make_due_windows
from incidents.models import Maintenance, MaintenanceKind, MaintenanceSeries

LIST = "/admin/incidents/maintenanceseries/"
ADD = f"{LIST}add/"
TYPED = "A text that took minutes to write"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at_noon(db: None) -> Iterator[None]:
    Page.current()
    Page.objects.update(time_zone="Europe/London")
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def series(api: Component) -> MaintenanceSeries:
    made = create_series(
        title="Routine updates",
        message="We update databases.",
        rrule="FREQ=MONTHLY;BYDAY=1TU,3TU",
        first_date=date(2026, 12, 1),
        begins=time(2, 0),
        duration=timedelta(hours=2),
        announce_before=timedelta(days=30),
        components=[api],
        kind="routine",
    )
    make_due_windows()
    return made


def said(component: Component, **more: str) -> dict[str, str]:
    return {
        "title": "Routine updates",
        "message": "We update databases.",
        "repeats": "first_third",
        "first_date": "2026-12-01",
        "begins": "02:00",
        "duration": "2h",
        "announce_before": "96h",
        "components": str(component.pk),
        "reminders": "24h",
    } | more


def page_of(series: MaintenanceSeries, action: str = "change") -> str:
    return f"{LIST}{series.pk}/{action}/"


def text_of(response: Any) -> str:
    return str(response.content, "utf-8")


def edited(series: MaintenanceSeries, component: Component, **more: str) -> dict[str, str]:
    """What a browser sends of the form as it was opened now, with `more` typed."""
    shown = said(component, announce_before="30d", reminders="", kind=str(series.kind_id), notify="on")
    first = {f"initial-{name}": value for name, value in shown.items() if name != "notify"}
    return shown | first | {"seen_at": series.updated_at.isoformat()} | more


@pytest.mark.parametrize(
    ("choice", "first", "rule"),
    [
        ("weekly", date(2026, 12, 1), "FREQ=WEEKLY;BYDAY=TU"),
        ("fortnightly", date(2026, 12, 2), "FREQ=WEEKLY;INTERVAL=2;BYDAY=WE"),
        ("first_third", date(2026, 12, 1), "FREQ=MONTHLY;BYDAY=1TU,3TU"),
        ("monthly", date(2026, 12, 15), "FREQ=MONTHLY;BYMONTHDAY=15"),
        ("month_end", date(2026, 12, 31), "FREQ=MONTHLY;BYMONTHDAY=-1"),
        ("quarterly", date(2026, 12, 13), "FREQ=MONTHLY;INTERVAL=3;BYDAY=2SU"),
        ("quarterly", date(2026, 12, 31), "FREQ=MONTHLY;INTERVAL=3;BYDAY=-1TH"),
    ],
)
def test_a_few_words_mean_a_rule_and_are_found_again(choice: str, first: date, rule: str) -> None:
    assert rule_for(choice, first) == rule
    assert choice_of(MaintenanceSeries(rrule=rule, first_date=first)) == choice


def test_a_rule_of_its_own_stays_one() -> None:
    assert choice_of(MaintenanceSeries(rrule="FREQ=DAILY", first_date=date(2026, 12, 1))) == "own"


def test_a_series_is_made_in_one_form(staff: Client, api: Component) -> None:
    response = staff.post(ADD, said(api))
    series = MaintenanceSeries.objects.get()
    assert response.headers["Location"] == page_of(series)
    assert (series.rrule, series.begins, series.duration) == (
        "FREQ=MONTHLY;BYDAY=1TU,3TU",
        time(2, 0),
        timedelta(hours=2),
    )
    assert series.reminders == [86_400]
    staff.post(ADD, said(api, title="Nightly", repeats="own", rrule="FREQ=DAILY;INTERVAL=9"))
    assert MaintenanceSeries.objects.get(slug="nightly").rrule == "FREQ=DAILY;INTERVAL=9"


def test_the_next_windows_are_shown_before_it_is_saved(staff: Client, api: Component) -> None:
    text = text_of(staff.post(f"{LIST}coming/", said(api, first_date="2027-03-02")))
    assert "<html" not in text
    assert "Tue 2 Mar 2027, 02:00" in text
    # The wall clock stays, the UTC time moves with summer.
    assert "Tue 6 Apr 2027, 02:00" in text
    assert "01:00 UTC" in text
    assert "Choose the first day" in text_of(staff.post(f"{LIST}coming/", {}))
    text = text_of(staff.post(ADD, said(api, then="check", title="", message=TYPED)))
    assert "Tue 1 Dec 2026, 02:00" in text
    assert "This field is required" not in text
    assert TYPED in text
    assert not MaintenanceSeries.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", "", "This field is required"),
        ("first_date", "31 February", "Enter a valid date"),
        ("begins", "25:00", "Enter a valid time"),
        ("duration", "a while", "a duration such as"),
        ("announce_before", "400d", "at most 366 days"),
        ("components", "999", "not one of the available choices"),
        ("rrule", "FREQ=HOURLY", "FREQ is one of"),
        ("rrule", "", "write it like"),
        ("first_date", "2026-11-23", "choose a later first day"),
    ],
)
def test_what_is_wrong_is_said_and_the_typed_text_stays(
    staff: Client, api: Component, field: str, value: str, sentence: str
) -> None:
    routine = str(MaintenanceKind.objects.get(slug="routine").pk)
    repeats = "own" if field == "rrule" else "weekly"
    text = text_of(staff.post(ADD, said(api, repeats=repeats, kind=routine, **{"message": TYPED, field: value})))
    assert sentence in text
    assert TYPED in text
    assert not MaintenanceSeries.objects.exists()


def test_its_page_links_its_windows_and_marks_one_changed_alone(staff: Client, series: MaintenanceSeries) -> None:
    first = series.occurrences.order_by("scheduled_for")[0]
    assert "changed alone" not in text_of(staff.get(page_of(series)))
    edit_maintenance(maintenance=first, title="This one is longer")
    text = text_of(staff.get(page_of(series)))
    assert f"/admin/incidents/maintenance/{first.pk}/change/" in text
    assert text.count("changed alone") == 1
    assert "On the first and third such weekday" in text


def test_a_change_moves_the_windows_that_follow_it(staff: Client, series: MaintenanceSeries, api: Component) -> None:
    response = staff.post(page_of(series), edited(series, api, begins="03:00"))
    assert response.status_code == 302
    assert {window.scheduled_for.hour for window in series.occurrences.all()} == {3}
    series.refresh_from_db()
    assert (series.begins, series.title) == (time(3, 0), "Routine updates")


def test_who_was_overtaken_is_told_and_takes_nothing_back(
    staff: Client, series: MaintenanceSeries, api: Component
) -> None:
    form = edited(series, api, message=TYPED)
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        edit_series(series=series, title="I was faster", notify=False)
        text = text_of(staff.post(page_of(series), form))
        assert "Somebody else changed the series" in text
        assert TYPED in text
        assert 'value="I was faster"' in text
        series.refresh_from_db()
        assert f'value="{series.updated_at.isoformat()}"' in text
        again = form | {
            "title": "I was faster",
            "initial-title": "I was faster",
            "seen_at": series.updated_at.isoformat(),
        }
        assert staff.post(page_of(series), again).status_code == 302
    series.refresh_from_db()
    assert (series.title, series.message) == ("I was faster", TYPED)


def test_a_series_ends_and_what_is_announced_takes_place_or_not(staff: Client, series: MaintenanceSeries) -> None:
    window = series.occurrences.all()[0]
    assert window.reference in text_of(staff.get(page_of(series, "end")))
    staff.post(page_of(series, "end"), {"cancel_announced": "on", "message": "No more."})
    series.refresh_from_db()
    window.refresh_from_db()
    assert series.ended_at is not None
    assert window.status == "cancelled"
    text = text_of(staff.get(page_of(series)))
    assert "Save the series" not in text
    assert staff.post(page_of(series), {}).status_code == 403
    assert "has ended: make a new one" in text_of(staff.post(page_of(series, "end"), {"message": TYPED}))


def test_announced_windows_take_place_unless_they_are_cancelled_too(staff: Client, series: MaintenanceSeries) -> None:
    staff.post(page_of(series, "end"), {"message": ""})
    assert set(Maintenance.objects.values_list("status", flat=True)) == {"scheduled"}


def test_who_may_only_look_cannot_write(client: Client, series: MaintenanceSeries) -> None:
    user = User.objects.create(username="eve", is_staff=True)
    client.force_login(user)
    assert client.get(page_of(series)).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_maintenanceseries"))
    client.force_login(User.objects.get(pk=user.pk))
    text = text_of(client.get(page_of(series)))
    assert "Save the series" not in text
    assert "Its windows" in text
    for path in (page_of(series), page_of(series, "end"), page_of(series, "coming"), ADD, f"{LIST}coming/"):
        assert client.post(path, {}).status_code == 403, path
    assert client.post(page_of(series, "delete"), {"post": "yes"}).status_code == 403


def test_what_is_not_there_is_a_404(staff: Client) -> None:
    for key in ("0", "999", "x", "²"):
        for action in ("change", "end", "coming"):
            assert staff.post(f"{LIST}{key}/{action}/", {}).status_code == 404


def test_a_long_list_of_series_costs_a_fixed_number_of_queries(
    staff: Client, api: Component, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(12):
        staff.post(ADD, said(api, title=f"Series {number}"))
    with django_assert_max_num_queries(8):
        text = text_of(staff.get(LIST))
    assert "2026-12-01 02:00" in text


def test_a_kind_says_how_far_ahead_and_is_changed(staff: Client) -> None:
    routine = MaintenanceKind.objects.get(slug="routine")
    url = f"/admin/incidents/maintenancekind/{routine.pk}/change/"
    assert "72 hours" in text_of(staff.get("/admin/incidents/maintenancekind/"))
    assert 'value="3d"' in text_of(staff.get(url))
    staff.post(url, {"name": "Routine", "position": "0", "lead_time": "96h"})
    routine.refresh_from_db()
    assert (routine.slug, routine.lead_time) == ("routine", timedelta(hours=96))
