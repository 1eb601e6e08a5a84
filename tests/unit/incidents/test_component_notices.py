"""Who wants component changes is told each that stood, once, and nothing that a private incident says."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Group, Page
from components.services import claim_status, set_staff_status, withdraw_claim
from incidents import component_notices
from incidents.component_notices import Step, next_step, tell_component_changes
from incidents.editing import edit_incident
from incidents.enums import NoticeKind
from incidents.importing.reading import read_file
from incidents.importing.services import import_file
from incidents.maintenance import schedule_maintenance
from incidents.maintenance.running import complete_maintenance, start_maintenance
from incidents.models import Incident, Notice, ToldState
from incidents.notices_page import page_payload
from incidents.services import open_incident, resolve_incident
from tests.statuspage_files import summary

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AFTER = timedelta(seconds=60)
OPERATIONAL, DEGRADED = ComponentStatus.OPERATIONAL, ComponentStatus.DEGRADED_PERFORMANCE
MAJOR, PARTIAL, UNKNOWN = ComponentStatus.MAJOR_OUTAGE, ComponentStatus.PARTIAL_OUTAGE, ComponentStatus.UNKNOWN


class Clock:
    """A stopped clock, and the sweeps that beat makes while it is moved on."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def sweep_after(self, seconds: int = 0) -> int:
        self._traveller.shift(timedelta(seconds=seconds))
        return tell_component_changes()


@pytest.fixture
def clock() -> Iterator[Clock]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield Clock(traveller)


@pytest.fixture
def well(api: Component, clock: Clock) -> Component:
    """Operational by its probe, and known to be."""
    Page.current()
    Page.objects.update(name="Example", url="https://status.example.com/")
    measured(api, OPERATIONAL)
    clock.sweep_after()
    return api


def measured(component: Component, status: ComponentStatus) -> None:
    claim_status(component=component, status=status, source=ClaimSource.PROBE, source_id="p", cause="p: 10.0.0.7 gone")


def told() -> list[tuple[str, str]]:
    notices = Notice.objects.filter(kind=NoticeKind.COMPONENT_UPDATED).order_by("pk")
    return [(n.payload["component"]["old_status"], n.payload["component"]["status"]) for n in notices]


def test_a_change_is_told_once_it_has_stood_for_a_while(well: Component, clock: Clock) -> None:
    measured(well, MAJOR)
    assert clock.sweep_after() == 0
    assert clock.sweep_after(59) == 0
    assert clock.sweep_after(1) == 1
    assert clock.sweep_after(300) == 0
    assert told() == [("operational", "major_outage")]


def test_what_is_back_within_that_time_is_told_as_nothing(well: Component, clock: Clock) -> None:
    measured(well, MAJOR)
    clock.sweep_after()
    measured(well, OPERATIONAL)
    clock.sweep_after(30)
    clock.sweep_after(120)
    assert told() == []
    assert ToldState.objects.get().pending == ""


def test_a_component_that_flaps_has_to_stand_still_first(well: Component, clock: Clock) -> None:
    for _ in range(5):
        measured(well, MAJOR)
        clock.sweep_after(20)
        measured(well, OPERATIONAL)
        clock.sweep_after(20)
    measured(well, MAJOR)
    clock.sweep_after(20)
    assert told() == []
    clock.sweep_after(60)
    assert told() == [("operational", "major_outage")]


def test_several_changes_within_that_time_are_one(well: Component, clock: Clock) -> None:
    for status in (DEGRADED, PARTIAL, MAJOR):
        measured(well, status)
        clock.sweep_after(20)
    clock.sweep_after(60)
    assert told() == [("operational", "major_outage")]


def test_the_way_back_is_told_too(well: Component, clock: Clock) -> None:
    for status in (MAJOR, OPERATIONAL):
        measured(well, status)
        clock.sweep_after()
        clock.sweep_after(60)
    assert told() == [("operational", "major_outage"), ("major_outage", "operational")]


def test_nobody_is_told_that_nothing_is_known(well: Component, clock: Clock) -> None:
    withdraw_claim(component=well, source=ClaimSource.PROBE, source_id="p")
    clock.sweep_after()
    clock.sweep_after(600)
    measured(well, OPERATIONAL)
    clock.sweep_after(600)
    clock.sweep_after(600)
    assert told() == []


def test_that_a_new_component_works_is_no_news_but_that_it_does_not_is(
    api: Component, web: Component, clock: Clock
) -> None:
    clock.sweep_after()
    measured(api, OPERATIONAL)
    measured(web, MAJOR)
    clock.sweep_after()
    clock.sweep_after(60)
    assert told() == [("unknown", "major_outage")]


def test_what_was_so_before_anybody_looked_is_not_told(api: Component, clock: Clock) -> None:
    measured(api, MAJOR)
    clock.sweep_after()
    clock.sweep_after(600)
    assert told() == []


def test_the_payload_says_all_that_a_message_needs_and_no_words_of_the_log(well: Component, clock: Clock) -> None:
    Component.objects.update(group=Group.objects.create(slug="core", name="Core"))
    measured(well, MAJOR)
    clock.sweep_after()
    clock.sweep_after(60)
    notice = Notice.objects.get()
    assert notice.payload == {
        "page": page_payload(Page.current()),
        "component": {
            "id": well.public_id,
            "slug": "api",
            "name": "API gateway",
            "group": "Core",
            "url": "https://status.example.com/components/api/",
            "status": "major_outage",
            "status_label": "Major outage",
            "old_status": "operational",
            "old_status_label": "Operational",
            "since": "2026-11-21T12:00:00Z",
            "created_at": notice.payload["component"]["created_at"],
        },
        "change": {"id": notice.payload["change"]["id"], "created_at": "2026-11-21T12:01:00Z"},
        "cause": "Found by our monitoring.",
        "incident": None,
        "maintenance": None,
    }
    assert list(notice.components.all()) == [well]


def test_who_set_it_by_hand_is_not_named(well: Component, clock: Clock) -> None:
    set_staff_status(component=well, status=DEGRADED, actor="ada.lovelace")
    clock.sweep_after()
    clock.sweep_after(60)
    said = Notice.objects.get().payload
    assert said["cause"] == "Set by our staff."
    assert "ada" not in json.dumps(said)


def declare(component: Component, *, private: bool = False, started_at: datetime | None = None) -> Incident:
    return open_incident(
        title="Secret merger leaks",
        severity="critical",
        message="Looking.",
        impacts={component: MAJOR},
        private=private,
        started_at=started_at,
    )


def changes() -> list[Notice]:
    return list(Notice.objects.filter(kind=NoticeKind.COMPONENT_UPDATED).order_by("pk"))


def test_an_incident_is_named_when_it_begins_and_when_it_is_over(well: Component, clock: Clock) -> None:
    incident = declare(well)
    clock.sweep_after()
    clock.sweep_after(60)
    resolve_incident(incident=incident, message="Over.", root_cause_summary="A disk.", remediation="Disks.")
    clock.sweep_after()
    clock.sweep_after(60)
    began, ended = changes()
    assert began.payload["incident"]["reference"] == ended.payload["incident"]["reference"] == incident.reference
    assert (began.payload["cause"], ended.payload["cause"]) == ("Said in an incident.", "The incident is over.")
    # Who follows the incident, or chose a severity, did not ask for this.
    assert (began.incident_id, began.severity_rank) == (None, None)


def test_a_failure_that_a_probe_found_names_the_incident_about_it(well: Component, clock: Clock) -> None:
    measured(well, MAJOR)
    # As a probe's own incident, it begins with the first failure.
    incident = declare(well, started_at=NOON - timedelta(minutes=2))
    clock.sweep_after()
    clock.sweep_after(60)
    payload = changes()[0].payload
    assert (payload["incident"]["reference"], payload["cause"]) == (incident.reference, "Found by our monitoring.")


def test_of_what_only_a_private_incident_says_nobody_is_told(well: Component, clock: Clock) -> None:
    incident = declare(well, private=True)
    clock.sweep_after()
    clock.sweep_after(60)
    assert told() == []
    resolve_incident(incident=incident, message="Over.", root_cause_summary="A disk.", remediation="Disks.")
    clock.sweep_after()
    clock.sweep_after(60)
    assert told() == []


def test_what_is_measured_beside_a_private_incident_is_told_without_it(well: Component, clock: Clock) -> None:
    declare(well, private=True)
    measured(well, DEGRADED)
    clock.sweep_after()
    clock.sweep_after(60)
    assert told() == [("operational", "degraded_performance")]
    said = json.dumps(changes()[0].payload)
    assert changes()[0].payload["incident"] is None
    assert "merger" not in said
    assert "INC-" not in said


def test_a_notice_that_waits_forgets_its_incident_once_that_is_private(well: Component, clock: Clock) -> None:
    incident = declare(well)
    clock.sweep_after()
    clock.sweep_after(60)
    edit_incident(
        incident=incident,
        title=incident.title,
        severity=incident.severity,
        private=True,
        data_impact=False,
        root_cause_summary="",
        remediation="",
    )
    payload = changes()[0].payload
    assert (payload["incident"], payload["cause"]) == (None, "")


def test_maintenance_is_named(well: Component, clock: Clock) -> None:
    window = schedule_maintenance(
        title="Upgrade",
        message="We upgrade.",
        components=[well],
        scheduled_for=NOON + timedelta(minutes=5),
        scheduled_until=NOON + timedelta(hours=1),
    )
    start_maintenance(maintenance=window)
    clock.sweep_after()
    clock.sweep_after(60)
    assert told() == [("operational", "under_maintenance")]
    assert changes()[0].payload["maintenance"]["reference"] == window.reference
    assert changes()[0].payload["cause"] == "Because of maintenance."

    complete_maintenance(maintenance=window)
    clock.sweep_after()
    clock.sweep_after(60)
    assert changes()[1].payload["maintenance"]["reference"] == window.reference
    assert changes()[1].payload["cause"] == "The maintenance is over."


def test_what_remains_after_an_incident_is_told_as_what_says_so_now(well: Component, clock: Clock) -> None:
    incident = declare(well)
    clock.sweep_after()
    clock.sweep_after(60)
    measured(well, DEGRADED)
    resolve_incident(incident=incident, message="Over.", root_cause_summary="A disk.", remediation="Disks.")
    clock.sweep_after()
    clock.sweep_after(60)
    assert told() == [("operational", "major_outage"), ("major_outage", "degraded_performance")]
    assert (changes()[1].payload["cause"], changes()[1].payload["incident"]) == ("Found by our monitoring.", None)


@pytest.mark.parametrize("how", [{"is_visible": False}, {"retired_at": NOON}])
def test_what_the_page_does_not_show_is_not_told_neither_then_nor_later(
    well: Component, clock: Clock, how: dict[str, object]
) -> None:
    Component.objects.update(**how)
    measured(well, MAJOR)
    clock.sweep_after()
    clock.sweep_after(60)
    Component.objects.update(is_visible=True, retired_at=None)
    clock.sweep_after()
    clock.sweep_after(60)
    assert told() == []


def test_an_import_tells_nobody(well: Component, clock: Clock, tmp_path_factory: pytest.TempPathFactory) -> None:
    listing = {**summary()["components"][0], "name": "API gateway", "status": "major_outage"}
    listing |= {"id": well.public_id, "updated_at": "2026-11-21T12:30:00.000Z"}
    path = tmp_path_factory.mktemp("import") / "summary.json"
    path.write_text(json.dumps({**summary(), "components": [listing]}))
    import_file(read_file(path))
    well.refresh_from_db()
    assert well.state is MAJOR
    clock.sweep_after()
    clock.sweep_after(60)
    assert told() == []


def test_at_rest_a_sweep_asks_once(well: Component, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        tell_component_changes()


def test_a_sweep_that_dies_between_notice_and_note_has_told_nobody(
    well: Component, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured(well, MAJOR)
    clock.sweep_after()
    with monkeypatch.context() as patched:
        patched.setattr(component_notices, "_keep", _die)
        clock.sweep_after(60)
    assert told() == []
    clock.sweep_after()
    assert told() == [("operational", "major_outage")]


def _die(*_: object) -> None:
    raise RuntimeError("killed")


@pytest.mark.django_db(transaction=True, serialized_rollback=True)
def test_two_sweeps_at_once_tell_once(well: Component, clock: Clock) -> None:
    measured(well, MAJOR)
    clock.sweep_after()
    ToldState.objects.update(pending_since=NOON - timedelta(hours=1))
    barrier = threading.Barrier(4)

    def sweep() -> None:
        barrier.wait(timeout=10)
        try:
            tell_component_changes()
        finally:
            connection.close()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert told() == [("operational", "major_outage")]


def test_a_clock_that_goes_back_lets_the_time_begin_anew() -> None:
    row = ToldState(status=OPERATIONAL, pending=MAJOR, pending_since=NOON + timedelta(hours=1))
    assert next_step(told=row, status=MAJOR, is_shown=True, now=NOON, after=AFTER) is Step.WAIT
