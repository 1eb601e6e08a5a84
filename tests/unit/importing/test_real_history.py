"""The real records, where they are at hand."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.models import Component
from components.overall import overall_state
from incidents.importing.reading import read_file
from incidents.importing.services import import_file
from incidents.importing.tally import ImportReport
from incidents.models import Incident, IncidentUpdate, Maintenance, MaintenanceUpdate, Notice
from statuspage.web.documents import render_hot_documents
from statuspage.web.selectors import home_page
from tests.real_history import HISTORY, SUMMARIES, needs_real_history
from tests.statuspage_files import row, window

pytestmark = [pytest.mark.django_db, needs_real_history]


def test_all_819_come_in_with_their_4570_updates() -> None:
    report = import_file(read_file(HISTORY))

    assert report.skipped == []
    assert (Incident.objects.count(), Maintenance.objects.count()) == (801, 18)
    assert IncidentUpdate.objects.count() + MaintenanceUpdate.objects.count() == 4_570
    assert not Incident.objects.open().exists()
    assert not Notice.objects.exists()


def test_each_row_is_there_with_its_own_id_times_and_updates() -> None:
    import_file(read_file(HISTORY))
    incidents = Incident.objects.in_bulk(field_name="public_id")
    windows = Maintenance.objects.in_bulk(field_name="public_id")

    for line in HISTORY.read_text().splitlines():
        row = json.loads(line)
        kept = incidents.get(row["url"][-12:]) or windows[row["url"][-12:]]
        said = [(f"{update.display_at:%Y-%m-%dT%H:%M:%SZ}", update.label) for update in kept.updates.all()[::-1]]
        assert kept.external_url == row["url"]
        assert [at for at, _ in said] == [update["at"] for update in row["updates"]]
        assert [label for _, label in said] == [update["status"] for update in row["updates"]]


def test_the_second_time_changes_nothing() -> None:
    import_file(read_file(HISTORY))
    report = import_file(read_file(HISTORY))

    assert not report.changed_anything
    assert (report.incidents.unchanged, report.maintenances.unchanged) == (801, 18)


@pytest.mark.parametrize("path", SUMMARIES, ids=lambda path: path.stem)
def test_a_summary_gives_back_the_state_it_says(path: Path) -> None:
    import_file(read_file(path))

    document = json.loads(path.read_text())
    overall = overall_state(component.state for component in Component.objects.visible())
    listed = [
        (component.public_id, component.name, component.status, component.note or None, component.position)
        for component in Component.objects.visible()
    ]
    assert {"indicator": overall.indicator, "description": overall.description} == document["status"]
    assert listed == [
        (row["id"], row["name"], row["status"], row["description"], row["position"]) for row in document["components"]
    ]


def test_summaries_follow_each_other() -> None:
    for path in SUMMARIES:
        import_file(read_file(path))

    last = json.loads(SUMMARIES[-1].read_text())
    states = dict(Component.objects.values_list("public_id", "status"))
    assert states == {row["id"]: row["status"] for row in last["components"]}
    assert Incident.objects.open().get().updates.count() == 2


def test_the_pages_cost_as_many_queries_as_with_a_history_of_two(take_lines: Callable[..., ImportReport]) -> None:
    take_lines(row(), window())
    home, everything = _queries_of(home_page), _queries_of(render_hot_documents)
    import_file(read_file(HISTORY))

    assert home <= 16
    assert (_queries_of(home_page), _queries_of(render_hot_documents)) == (home, everything)


def _queries_of(read: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert read()
    return len(captured)
