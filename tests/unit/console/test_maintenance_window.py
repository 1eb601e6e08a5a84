"""One window's page in the console: every press and every word."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from components.models import Component, Page
from incidents.enums import NoticeKind, Origin, ServiceState
from incidents.maintenance import (
    ServicePlan,
    StepPlan,
    post_maintenance_update,
    schedule_maintenance,
    set_steps,
    start_maintenance,
)
from incidents.models import Maintenance, Notice

TYPED = "A text that took minutes to write"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ACTIONS = ("update", "extend", "estimate", "start", "verify", "complete", "cancel")


@pytest.fixture(autouse=True)
def clock_at_noon(db: None) -> Iterator[time_machine.Traveller]:
    Page.current()
    Page.objects.update(time_zone="Europe/London", url="https://status.example.com")
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def window(api: Component, web: Component) -> Maintenance:
    """Announced for two hours from now, with two services and three steps."""
    return schedule_maintenance(
        title="Database upgrade",
        message="We **move**.",
        components=[api],
        scheduled_for=NOW + timedelta(hours=2),
        scheduled_until=NOW + timedelta(hours=4),
        services=[ServicePlan(component=web, state=ServiceState.OFFLINE)],
        steps=[StepPlan(title="Drain"), StepPlan(title="Migrate"), StepPlan(title="Refill")],
        reminders=[timedelta(hours=1)],
        takes_platform_down=True,
        author="grace",
    )


@pytest.fixture
def running(window: Maintenance) -> Maintenance:
    start_maintenance(maintenance=window)
    return window


def base(window: Maintenance) -> str:
    return f"/admin/incidents/maintenance/{window.pk}/"


def look(client: Client, window: Maintenance) -> str:
    return text_of(client.get(f"{base(window)}change/"))


def do(client: Client, window: Maintenance, action: str, revision: int | None = None, **said: str) -> Any:
    window.refresh_from_db()
    sent = {f"{action}-{name}": value for name, value in said.items()}
    sent[f"{action}-revision"] = str(window.revision if revision is None else revision)
    return client.post(f"{base(window)}do/{action}/", sent)


def advance(client: Client, window: Maintenance, expected: int, **said: str) -> Any:
    return client.post(f"{base(window)}step/", {"expected_step": str(expected), **said})


def set_state(client: Client, window: Maintenance, component: Component, **said: str) -> Any:
    window.refresh_from_db()
    sent = {f"service-{component.pk}-{name}": value for name, value in said.items() if name != "back"}
    sent.setdefault(f"service-{component.pk}-revision", str(window.revision))
    sent |= {"back": "1"} if "back" in said else {}
    return client.post(f"{base(window)}service/{component.pk}/", sent)


def text_of(response: Any) -> str:
    return str(response.content, "utf-8")


def test_the_page_has_facts_links_and_timeline(
    staff: Client, window: Maintenance, clock_at_noon: time_machine.Traveller
) -> None:
    text = look(staff, window)
    assert "Begins in 2 hours, by itself." in text
    assert f"https://status.example.com/maintenance/{window.reference}/offline.html" in text
    assert ">https://status.example.com/maintenance/<" in text
    assert "We <strong>move</strong>." in text
    assert "grace" in text
    # A tap that begins it hours before its time could not be taken back.
    assert "Begin the maintenance now" not in text
    assert "Begin, in your own words" in text
    clock_at_noon.shift(timedelta(minutes=61))
    assert "Begin the maintenance now" in look(staff, window)


def test_the_page_costs_the_same_however_much_is_worked_on(
    staff: Client, window: Maintenance, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        window.components.add(Component.objects.create(slug=f"c{number}", name=f"Component {number}"))
    with django_assert_max_num_queries(18):
        look(staff, window)


def test_one_press_begins_it_and_two_are_one(staff: Client, window: Maintenance) -> None:
    word = {"message": "The maintenance has begun.", "notify": "on"}
    seen = window.revision
    do(staff, window, "start", None, **word)
    do(staff, window, "start", seen, **word)
    window.refresh_from_db()
    assert window.status == "in_progress"
    assert window.updates.count() == 2
    assert Notice.objects.filter(kind=NoticeKind.MAINTENANCE_STARTED).count() == 1
    assert "in progress already" in look(staff, window)


def test_the_next_step_is_the_one_large_button(staff: Client, running: Maintenance) -> None:
    drain, migrate, refill = running.steps.all()
    assert "Begin: Drain" in look(staff, running)
    advance(staff, running, 0)
    text = look(staff, running)
    assert "Begin: Migrate" in text
    assert "This finishes: Drain" in text
    # Two taps on the same button, or two people, are one step.
    advance(staff, running, drain.pk)
    advance(staff, running, drain.pk)
    assert list(running.steps.values_list("state", flat=True)) == ["done", "running", "pending"]
    advance(staff, running, migrate.pk)
    assert "Finish: Refill" in look(staff, running)
    advance(staff, running, refill.pk)
    text = look(staff, running)
    assert "Go on to verifying" in text
    assert "Complete without verifying" in text


def test_a_step_is_told_only_if_that_is_ticked(staff: Client, running: Maintenance) -> None:
    before = Notice.objects.count()
    advance(staff, running, 0)
    assert Notice.objects.count() == before
    advance(staff, running, running.steps.get(title="Drain").pk, notify="on")
    assert Notice.objects.count() == before + 1
    assert running.updates.order_by("-pk")[0].body == "Migrate"


def test_a_step_is_skipped(staff: Client, running: Maintenance) -> None:
    running.refresh_from_db()
    migrate = running.steps.get(title="Migrate")
    sent = {"step": str(migrate.pk), "revision": str(running.revision)}
    staff.post(f"{base(running)}skip/", sent)
    migrate.refresh_from_db()
    assert migrate.state == "skipped"
    # The page it was pressed on is older than that now.
    refill = running.steps.get(title="Refill")
    staff.post(f"{base(running)}skip/", sent | {"step": str(refill.pk)})
    refill.refresh_from_db()
    assert refill.state == "pending"
    assert "Somebody else changed" in look(staff, running)


def test_a_press_on_steps_that_were_rewritten_is_refused(staff: Client, running: Maintenance) -> None:
    old = running.steps.all()[0].pk
    set_steps(maintenance=running, steps=[StepPlan(title="Other")])
    for expected in (str(old), "x", "-1", "9" * 40):
        staff.post(f"{base(running)}step/", {"expected_step": expected})
        assert running.steps.get().state == "pending"
        assert "written anew" in look(staff, running)


def test_a_service_is_set_in_one_row(staff: Client, running: Maintenance, web: Component) -> None:
    set_state(staff, running, web, state="restarting", eta="12m")
    row = running.services.get()
    assert (row.state, row.eta_at) == ("restarting", NOW + timedelta(minutes=12))
    set_state(staff, running, web, state="queued", eta="15:20")
    row.refresh_from_db()
    assert (row.state, row.eta_at) == ("queued", NOW.replace(hour=15, minute=20))
    set_state(staff, running, web, state="queued", eta="15:20", back="1")
    row.refresh_from_db()
    assert (row.state, row.eta_at) == ("operational", None)
    web.refresh_from_db()
    assert web.status != "under_maintenance"


def test_a_clock_time_is_that_of_the_page(staff: Client, running: Maintenance, web: Component) -> None:
    Page.objects.update(time_zone="Asia/Kolkata")
    set_state(staff, running, web, state="offline", eta="18:00")
    assert running.services.get().eta_at == datetime(2026, 11, 21, 12, 30, tzinfo=UTC)
    # One that has passed today is tomorrow's.
    set_state(staff, running, web, state="offline", eta="17:00")
    assert running.services.get().eta_at == datetime(2026, 11, 22, 11, 30, tzinfo=UTC)


def test_a_row_that_is_wrong_says_so_and_keeps_what_was_typed(
    staff: Client, running: Maintenance, web: Component
) -> None:
    for said, sentence in (
        ({"state": "offline", "eta": "soonish"}, "Expected a time such as 15:20"),
        ({"state": "offline", "eta": "25:00"}, "from 00:00 to 23:59"),
        ({"state": "on_fire", "eta": "12m"}, "not one of the available choices"),
        ({"state": "offline", "revision": "x"}, "Enter a whole number"),
    ):
        text = text_of(set_state(staff, running, web, **said))
        assert sentence in text
        assert said.get("eta", "") in text
    assert running.services.get().eta_at is None


def test_who_was_overtaken_at_a_row_is_told_and_two_taps_are_one(
    staff: Client, running: Maintenance, web: Component
) -> None:
    running.refresh_from_db()
    seen = str(running.revision)
    set_state(staff, running, web, state="restarting")
    assert set_state(staff, running, web, state="restarting", revision=seen).status_code == 302
    text = text_of(set_state(staff, running, web, state="queued", eta="44m", revision=seen))
    assert "Somebody else changed" in text
    assert "44m" in text
    running.refresh_from_db()
    assert f'name="service-{web.pk}-revision" value="{running.revision}"' in text
    assert running.services.get().state == "restarting"


def test_an_update_is_posted_and_may_say_that_it_is_verified(staff: Client, running: Maintenance) -> None:
    before = Notice.objects.count()
    do(staff, running, "update", message="Half way.")
    assert Notice.objects.count() == before
    do(staff, running, "update", message="Nearly.", status="verifying", notify="on")
    running.refresh_from_db()
    assert running.status == "verifying"
    assert Notice.objects.count() == before + 1
    assert running.updates.order_by("-pk")[0].author == "ada"


def test_the_end_moves_and_the_first_one_stays_known(staff: Client, running: Maintenance) -> None:
    do(staff, running, "extend", until="2026-11-21T18:30")
    running.refresh_from_db()
    assert running.scheduled_until == NOW.replace(hour=18, minute=30)
    assert running.announced_until == NOW + timedelta(hours=4)


def test_an_end_that_no_clock_shows_is_explained(
    staff: Client, window: Maintenance, clock_at_noon: time_machine.Traveller
) -> None:
    text = text_of(do(staff, window, "extend", until="2027-03-28T01:30", message=TYPED))
    assert "No clock in Europe/London shows 01:30" in text
    assert TYPED in text


def test_the_expected_end_is_said_and_taken_back(staff: Client, running: Maintenance) -> None:
    do(staff, running, "estimate", at="3h")
    running.refresh_from_db()
    assert running.estimated_until == NOW + timedelta(hours=3)
    do(staff, running, "estimate", at="")
    assert not Maintenance.objects.filter(estimated_until__isnull=False).exists()
    assert "Expected a time such as" in text_of(do(staff, running, "estimate", at="later"))


def test_it_is_verified_and_completed_with_one_press_each(staff: Client, running: Maintenance) -> None:
    do(staff, running, "verify", message="The work is done. We are verifying that everything is well.")
    text = look(staff, running)
    assert "Begin: Drain" in text
    running.steps.all().delete()
    assert "Complete the maintenance" in look(staff, running)
    do(staff, running, "complete", message="The maintenance is complete.", notify="on")
    running.refresh_from_db()
    assert running.status == "completed"
    assert Notice.objects.filter(kind=NoticeKind.MAINTENANCE_COMPLETED).count() == 1


def test_it_is_cancelled_with_a_word(staff: Client, window: Maintenance) -> None:
    assert "This field is required" in text_of(do(staff, window, "cancel", message=""))
    do(staff, window, "cancel", message="Not today.", notify="on")
    window.refresh_from_db()
    assert window.status == "cancelled"
    assert Notice.objects.filter(kind=NoticeKind.MAINTENANCE_CANCELLED).count() == 1


@pytest.mark.parametrize("action", ["update", "start", "cancel", "extend"])
def test_who_was_overtaken_is_told_and_keeps_the_text(staff: Client, window: Maintenance, action: str) -> None:
    seen = window.revision
    post_maintenance_update(maintenance=window, message="I was faster.", author="linus")
    text = text_of(do(staff, window, action, revision=seen, message=TYPED, until="2026-11-21T18:30"))
    assert "Somebody else changed" in text
    assert TYPED in text
    assert "I was faster." in text
    assert "new since you began to write" in text
    window.refresh_from_db()
    assert f'name="{action}-revision" value="{window.revision}"' in text
    assert window.status == "scheduled"
    assert do(staff, window, action, message=TYPED, until="2026-11-21T18:30").status_code == 302


def test_a_word_on_a_step_that_is_no_more_possible_is_kept(staff: Client, running: Maintenance) -> None:
    text = text_of(do(staff, running, "cancel", message=TYPED))
    assert "cannot become cancelled" in text
    assert TYPED in text


def test_own_words_are_not_lost_to_a_second_tap(staff: Client, running: Maintenance) -> None:
    text = text_of(do(staff, running, "start", message=TYPED))
    assert "cannot become in progress" in text
    assert TYPED in text


def test_an_imported_window_is_taken_over(staff: Client, running: Maintenance) -> None:
    Maintenance.objects.filter(pk=running.pk).update(origin=Origin.IMPORT)
    text = look(staff, running)
    assert "Take it over" in text
    assert "Begin: Drain" not in text
    running.refresh_from_db()
    sent = {"revision": str(running.revision)}
    staff.post(f"{base(running)}take-over/", sent | {"revision": "1"})
    running.refresh_from_db()
    assert running.origin == Origin.IMPORT
    staff.post(f"{base(running)}take-over/", sent)
    running.refresh_from_db()
    assert running.origin == Origin.STAFF
    assert "Begin: Drain" in look(staff, running)


def test_imported_windows_are_taken_over_from_the_list(staff: Client, running: Maintenance, web: Component) -> None:
    Maintenance.objects.filter(pk=running.pk).update(origin=Origin.IMPORT)
    url = "/admin/incidents/maintenance/"
    sent = {"action": "take_over_chosen", "_selected_action": str(running.pk)}
    staff.post(url, sent)
    running.refresh_from_db()
    assert running.origin == Origin.STAFF
    assert "is ours already" in text_of(staff.post(url, sent, follow=True))


@pytest.fixture
def reader(client: Client) -> Client:
    user = User.objects.create(username="eve", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_maintenance"))
    client.force_login(user)
    return client


def paths(window: Maintenance) -> list[str]:
    component = window.components.all()[0]
    own = [*(f"do/{action}/" for action in ACTIONS), "step/", "skip/", "take-over/", f"service/{component.pk}/"]
    return [f"{base(window)}{path}" for path in own]


def test_who_may_only_look_sees_no_form_and_cannot_post(reader: Client, running: Maintenance) -> None:
    text = look(reader, running)
    assert "Begin: Drain" not in text
    assert "<textarea" not in text
    for path in [*paths(running), f"{base(running)}edit/", f"{base(running)}check/"]:
        assert reader.post(path, {}).status_code == 403, path
    running.refresh_from_db()
    assert (running.status, running.updates.count()) == ("in_progress", 2)


def test_who_may_not_look_sees_nothing(client: Client, running: Maintenance) -> None:
    client.force_login(User.objects.create(username="mallory", is_staff=True))
    for path in [*paths(running), f"{base(running)}change/"]:
        assert client.get(path).status_code == 403, path


def test_strangers_are_sent_to_the_login(client: Client, running: Maintenance) -> None:
    for path in paths(running):
        assert client.post(path, {}).headers["Location"].startswith("/admin/login/"), path


def test_an_address_followed_by_hand_leads_to_the_window(staff: Client, running: Maintenance) -> None:
    for path in paths(running):
        assert staff.get(path).headers["Location"] == f"{base(running)}change/", path


@pytest.mark.parametrize("key", ["0", "999999", "9" * 40, "x", "²"])
def test_what_is_not_there_is_a_404(staff: Client, running: Maintenance, key: str) -> None:
    for path in ("change", "edit", "step", "do/start", "service/1"):
        assert staff.post(f"/admin/incidents/maintenance/{key}/{path}/", {}).status_code == 404, path
    assert staff.post(f"{base(running)}service/{key}/", {}).status_code == 404
    assert staff.post(f"{base(running)}do/nothing/", {}).status_code == 404


def test_nothing_is_deleted(staff: Client, window: Maintenance) -> None:
    assert staff.post(f"{base(window)}delete/", {"post": "yes"}).status_code == 403
    assert "delete_selected" not in text_of(staff.get("/admin/incidents/maintenance/"))


def test_a_component_of_which_nothing_is_said_waits_for_a_word(
    staff: Client, running: Maintenance, api: Component
) -> None:
    text = look(staff, running)
    assert "Say its state" in text
    assert "This field is required" in text_of(set_state(staff, running, api, state=""))
    set_state(staff, running, api, state="queued")
    assert running.services.get(component=api).state == "queued"


def test_a_time_that_has_passed_is_not_tomorrows(
    staff: Client, running: Maintenance, web: Component, clock_at_noon: time_machine.Traveller
) -> None:
    set_state(staff, running, web, state="offline", eta="12m")
    clock_at_noon.shift(timedelta(minutes=20))
    set_state(staff, running, web, state="restarting", eta="12:12")
    assert running.services.get().eta_at is None
