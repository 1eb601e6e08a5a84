"""A maintenance window's page, its live part, the 503 for people and programs, and the file for load balancers."""

import json
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client

from components.models import Component, Page, Region
from incidents.enums import ServiceState, StepState
from incidents.maintenance import (
    complete_maintenance,
    create_series,
    make_due_windows,
    post_maintenance_update,
    schedule_maintenance,
)
from incidents.maintenance.plans import ServicePlan, StepPlan
from incidents.models import Maintenance
from statuspage.web.documents import render_document, render_hot_documents
from statuspage.web.pages.windows import _eta
from statuspage.web.rendered import RenderedDocument
from tests.unit.web.conftest import NOON, MakeComponent

MINUTE = timedelta(minutes=1)
BEGIN = NOON - 14 * MINUTE
Announce = Callable[..., Maintenance]


@pytest.fixture
def services(make_component: MakeComponent) -> list[ServicePlan]:
    """Two down, one that queues, one that is up."""
    west = Region.objects.create(slug="eu-west", name="eu-west")
    states = [ServiceState.OFFLINE, ServiceState.RESTARTING, ServiceState.QUEUED, ServiceState.OPERATIONAL]
    plans = []
    for position, state in enumerate(states):
        component = make_component(f"service-{position}", position=position, note=f"note {position}")
        component.regions.add(west)
        eta = None if state is ServiceState.OPERATIONAL else NOON + (12 + position) * MINUTE
        plans.append(ServicePlan(component=component, state=state, eta_at=eta))
    return plans


@pytest.fixture
def announce(services: list[ServicePlan]) -> Announce:
    def make(**changes: Any) -> Maintenance:
        values: dict[str, Any] = {
            "title": "Platform upgrade",
            "message": "We roll the updates through.",
            "components": [],
            "services": services,
            "steps": [
                StepPlan(title="Pre-flight", state=StepState.DONE, started_at=BEGIN, finished_at=BEGIN + MINUTE),
                StepPlan(title="Migrations", body="3 of 7 *done*", state=StepState.RUNNING, started_at=BEGIN + MINUTE),
                StepPlan(title="Smoke tests"),
            ],
            "scheduled_for": BEGIN,
            "scheduled_until": BEGIN + timedelta(hours=1),
            "takes_platform_down": True,
            "impact_level": "low",
            "impact_note": "read-only mode",
            "regions": list(Region.objects.all()),
            "what_to_do": "Nothing is required.",
            "reason": "A security patch",
        }
        return schedule_maintenance(**(values | changes))

    return make


def hot() -> dict[str, RenderedDocument]:
    return {document.path: document for document in render_hot_documents()}


def words(document: RenderedDocument) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", document.body.decode()))


def test_while_the_platform_is_down_its_address_answers_503_with_the_end_of_the_window(announce: Announce) -> None:
    window = announce()
    page = hot()["/maintenance/"]
    assert (page.status, page.cache_control) == (503, "no-store")
    assert page.special is not None
    assert page.special.retry_at == int(window.scheduled_until.timestamp())


def test_the_503_page_says_what_a_visitor_asks(announce: Announce) -> None:
    window = announce()
    said = words(hot()["/maintenance/"])
    for line in (
        "Service Status · HTTP 503 · Maintenance",
        "Scheduled maintenance in progress",
        "— Platform upgrade",
        f"Incident reference {window.reference}",
        "Region eu-west",
        "60m scheduled length",
        "14m so far · on schedule",
        "2 down of 4 total · 2 healthy",
        "Customer impact low read-only mode",
        "Service-0 note 0 offline ~ 12 min ~ 12 min eu-west",
        "Service-3 note 3 operational",
        "Migrations now 3 of 7 done",
        "Nothing is required.",
        "↻ Check again",
    ):
        assert line in said


def test_a_program_that_asks_for_json_gets_a_problem(announce: Announce, client: Client) -> None:
    window = announce()
    answer = client.get("/maintenance/", headers={"accept": "application/problem+json"})
    assert (answer.status_code, answer["Content-Type"]) == (503, "application/problem+json")
    assert answer["Retry-After"] == str(46 * 60)
    assert {"Accept", "Accept-Encoding"} <= set(answer["Vary"].split(", "))
    said = answer.json()
    assert (said["status"], said["reference"], said["onSchedule"]) == (503, window.reference, True)
    assert said["expectedUntil"] == "2026-11-21T12:46:00Z"
    assert [(row["slug"], row["state"]) for row in said["services"]][:2] == [
        ("service-0", "offline"),
        ("service-1", "restarting"),
    ]
    assert [step["state"] for step in said["steps"]] == ["done", "running", "pending"]


@pytest.mark.parametrize(
    "accept", ["", "*/*", "text/html,application/xhtml+xml,*/*;q=0.8", "text/html, application/json"]
)
def test_who_does_not_prefer_json_gets_the_page(announce: Announce, client: Client, accept: str) -> None:
    announce()
    assert client.get("/maintenance/", headers={"accept": accept})["Content-Type"].startswith("text/html")


def test_without_such_a_window_the_address_leads_home(announce: Announce, client: Client) -> None:
    announce(takes_platform_down=False)
    answer = client.get("/maintenance/")
    assert (answer.status_code, answer["Location"], answer["Cache-Control"]) == (302, "/", "no-store")
    page = hot()["/maintenance/"]
    assert (page.status, page.special and page.special.location) == (302, "/")


def test_a_window_still_to_come_takes_nothing_down_yet(announce: Announce) -> None:
    announce(scheduled_for=NOON + timedelta(hours=2), scheduled_until=NOON + timedelta(hours=3), steps=[])
    assert hot()["/maintenance/"].status == 302
    assert "does not answer right now" in words(hot()["/maintenance/offline.html"])


def test_a_windows_page_begins_with_the_first_word_and_describes_itself_with_it(announce: Announce) -> None:
    window = announce()
    post_maintenance_update(maintenance=window, message="A newer word.")
    page = hot()[f"/maintenance/{window.reference}/"].body.decode()
    assert '<meta name="description" content="We roll the updates through.">' in page
    assert page.index("We roll the updates through.</p>") < page.index("A newer word.</p>")


def test_a_window_that_runs_over_says_so_and_asks_to_come_back_at_the_estimate(
    announce: Announce, at_noon: time_machine.Traveller, client: Client
) -> None:
    window = announce(ends_itself=False)
    at_noon.move_to(BEGIN + timedelta(minutes=75))
    late = client.get("/maintenance/")
    assert "runs over by 15 min" in late.content.decode()
    assert int(late["Retry-After"]) == 120
    Maintenance.objects.filter(pk=window.pk).update(estimated_until=BEGIN + timedelta(minutes=95))
    told = client.get("/maintenance/", headers={"accept": "application/json"})
    assert int(told["Retry-After"]) == 20 * 60
    assert told.json()["onSchedule"] is False


def test_of_two_windows_the_one_that_ends_last_is_shown(announce: Announce) -> None:
    announce()
    longer = announce(title="Longer", scheduled_until=BEGIN + timedelta(hours=3), reference="MNT-2026-1121-z")
    assert longer.reference in words(hot()["/maintenance/"])


def test_when_it_is_over_the_503_is_gone_and_the_live_part_says_so(announce: Announce) -> None:
    window = announce()
    complete_maintenance(maintenance=window)
    assert hot()["/maintenance/"].status == 302
    live = render_document(f"/fragments/maintenance/{window.reference}/")
    assert live is not None
    assert "Completed" in words(live)
    assert "so far" not in words(live)


def test_the_file_for_load_balancers_stands_alone(announce: Announce) -> None:
    window = announce()
    file = hot()[f"/maintenance/{window.reference}/offline.html"]
    text = file.body.decode()
    assert file.status == 200
    assert "<link" not in text.replace('<link rel="icon" href="data:,">', "")
    assert "<script" not in text
    assert "src=" not in text
    outside = re.findall(r'href="([^"]+)"', text)
    assert outside
    assert all(address.startswith(("https://status.example.com/", "data:,", "mailto:")) for address in outside)
    assert file.special is not None
    assert "style-src 'sha256-" in file.special.content_security_policy


def test_its_style_is_the_one_that_its_policy_lets_through(announce: Announce) -> None:
    import base64
    import hashlib

    window = announce()
    file = hot()[f"/maintenance/{window.reference}/offline.html"]
    style = re.search(r"<style>(.*?)</style>", file.body.decode(), re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert file.special is not None
    assert f"'sha256-{digest}'" in file.special.content_security_policy


def test_it_stays_below_60_kb_whatever_is_in_the_window(make_component: MakeComponent, announce: Announce) -> None:
    many = [
        ServicePlan(component=make_component(f"many-{number}", name="W" * 150, note="n" * 290, position=number))
        for number in range(120)
    ]
    steps = [StepPlan(title="T" * 150, body="word " * 3000) for _ in range(3)]
    steps += [StepPlan(title="T" * 150, body="w " * 500) for _ in range(30)]
    window = announce(services=many, steps=steps, title="U" * 250, message="m " * 400)
    file = hot()[f"/maintenance/{window.reference}/offline.html"]
    assert len(file.body) < 60_000
    assert "And 80 more on" in words(file)


def test_a_load_balancer_that_finds_nobody_gets_a_file_without_a_window_too(make_component: MakeComponent) -> None:
    file = hot()["/maintenance/offline.html"]
    assert file.status == 503
    assert "does not answer right now" in words(file)
    problem = json.loads(hot()["/maintenance/offline.html#problem"].body)
    assert problem["status"] == 503


def test_staff_texts_are_inert(announce: Announce) -> None:
    window = announce(
        title="<script>alert(1)</script> {{ 7|add:7 }}",
        message="[x](javascript:alert(1)) <img src=x onerror=alert(1)> ]]>",
        impact_note="<b>low</b>",
        what_to_do="![i](https://evil.example/p.png)",
        phase="<i>x</i>",
    )
    for path in (
        "/maintenance/",
        f"/maintenance/{window.reference}/",
        f"/maintenance/{window.reference}/offline.html",
    ):
        text = hot()[path].body.decode()
        assert "<script>alert" not in text
        tags = re.findall(r"<[^>]+>", text)
        assert not [tag for tag in tags if re.search(r'(href="javascript|src="https://evil)', tag)]
        assert not [tag for tag in tags if re.search(r"\sonerror=", re.sub(r'"[^"]*"', "", tag))]
        assert "<i>x</i>" not in text
        assert "{{ 7|add:7 }}" in text


def test_a_hidden_component_is_in_no_list_and_in_no_number(announce: Announce, services: list[ServicePlan]) -> None:
    Component.objects.filter(pk=services[0].component.pk).update(is_visible=False)
    announce()
    said = words(hot()["/maintenance/"])
    assert "Service-0" not in said
    assert "1 down of 3 total · 2 healthy" in said


def test_a_hidden_component_is_named_in_no_document_and_counted_in_none(
    announce: Announce, services: list[ServicePlan]
) -> None:
    Component.objects.filter(pk=services[0].component.pk).update(is_visible=False)
    window = announce()
    documents = [*render_hot_documents(), render_document(window.get_absolute_url())]
    said = {document.path: document.body.decode().lower() for document in documents if document is not None}
    assert [path for path, body in said.items() if "service-0" in body] == []
    assert "service-1" in said[window.get_absolute_url()]
    assert "1 of 3 services down" in said["/"]


def test_the_home_page_tells_how_far_the_work_is(announce: Announce) -> None:
    announce(expects_downtime=True)
    assert "Step 2 of 3: Migrations · 2 of 4 services down · Downtime is expected." in words(hot()["/"])


@pytest.mark.parametrize(
    ("minutes", "said"), [(0, "0m"), (14, "14m"), (90, "90m"), (91, "1h 31m"), (120, "2h"), (26 * 60 + 5, "1d 2h")]
)
def test_elapsed_time_is_short(announce: Announce, at_noon: time_machine.Traveller, minutes: int, said: str) -> None:
    window = announce(ends_itself=False, scheduled_until=BEGIN + timedelta(days=3))
    at_noon.move_to(BEGIN + minutes * MINUTE)
    live = render_document(f"/fragments/maintenance/{window.reference}/")
    assert live is not None
    assert f'data-style="elapsed">{said}</time>' in live.body.decode()


@pytest.mark.parametrize(("seconds", "said"), [(11 * 60, "~ 11 min"), (11 * 60 + 1, "~ 12 min"), (1, "~ 1 min")])
def test_an_eta_is_said_up_to_the_next_minute(seconds: int, said: str) -> None:
    assert _eta(NOON + timedelta(seconds=seconds), NOON) == said


def test_an_eta_that_has_passed_is_any_moment(
    announce: Announce, at_noon: time_machine.Traveller, services: list[ServicePlan]
) -> None:
    window = announce()
    eta: datetime = NOON + 12 * MINUTE
    at_noon.move_to(eta + MINUTE)
    live = render_document(f"/fragments/maintenance/{window.reference}/")
    assert live is not None
    assert "Service-0 note 0 offline any moment" in words(live)


def test_a_window_of_a_series_says_when_it_comes_back(make_component: MakeComponent, page: Page) -> None:
    Page.objects.update(time_zone="Europe/London")
    series = create_series(
        title="Updates",
        message="We update.",
        rrule="FREQ=MONTHLY;BYDAY=1TU,3TU",
        first_date=date(2026, 11, 3),
        begins=time(2),
        duration=timedelta(hours=1),
        announce_before=timedelta(days=14),
        components=[make_component("db")],
    )
    make_due_windows()
    window = Maintenance.objects.get(series=series)
    said = render_document(f"/maintenance/{window.reference}/")
    assert said is not None
    assert (
        "Comes back, by its rule: Tue 15 December, 02:00 to 03:00 GMT; Tue 5 January, 02:00 to 03:00 GMT; "
        "Tue 19 January, 02:00 to 03:00 GMT." in re.sub(r" ([;.])", r"\1", words(said))
    )
