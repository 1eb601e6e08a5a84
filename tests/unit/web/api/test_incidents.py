"""`GET /v1/status/incidents` and one by its reference: the contract, key for key, without private words and drafts."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from components.enums import ComponentStatus
from components.models import Component, Page
from incidents.enums import IncidentStatus
from incidents.models import Incident, IncidentUpdate, Postmortem, SeverityPolicy
from incidents.postmortems import edit_postmortem, publish_postmortem, start_postmortem
from incidents.services import merge_incident, open_incident, post_update, resolve_incident
from tests.unit.web.api.conftest import NOW

PATH = "/v1/status/incidents"
MAJOR, DEGRADED = ComponentStatus.MAJOR_OUTAGE, ComponentStatus.DEGRADED_PERFORMANCE
SECTIONS = ("summary", "timeline", "root_cause", "resolution", "prevention")


def ask(client: Client, **filters: str) -> dict[str, Any]:
    # `from` is a word of the language.
    query = {name.rstrip("_"): value for name, value in filters.items()}
    response = client.get(PATH, query)
    assert response.status_code == 200, response.content
    answer: dict[str, Any] = response.json()
    return answer


def references(client: Client, **filters: str) -> list[str]:
    return [row["reference"] for row in ask(client, **filters)["data"]]


def one(client: Client, incident: Incident) -> dict[str, Any]:
    response = client.get(f"{PATH}/{incident.reference}")
    assert response.status_code == 200, response.content
    data: dict[str, Any] = response.json()["data"]
    return data


def begin(title: str = "Requests fail", **changes: Any) -> Incident:
    values: dict[str, Any] = {"title": title, "severity": "critical", "message": "We **look** into it.", "impacts": {}}
    return open_incident(**(values | changes))


def end(incident: Incident) -> None:
    resolve_incident(
        incident=incident, message="It is over.", root_cause_summary="A `disk`.", remediation="A better disk."
    )


def rows(number: int, *, since: datetime = NOW, **changes: Any) -> list[Incident]:
    """So many that began at the same minute in pairs, each with two updates."""
    severity = SeverityPolicy.objects.get(slug="minor")
    made = [
        Incident(reference=f"INC-{since:%d%H%M%S}-{index}", title="Slow", severity=severity, **changes)
        for index in range(number)
    ]
    for index, incident in enumerate(made):
        incident.started_at = since - timedelta(minutes=index // 2)
    Incident.objects.bulk_create(made)
    IncidentUpdate.objects.bulk_create(
        IncidentUpdate(incident=row, status="investigating", body=body, display_at=since)
        for row in made
        for body in ("First.", "Second.")
    )
    return made


@pytest.fixture
def told(api: Component, now: time_machine.Traveller) -> Incident:
    """Three words in an hour, the components better with the second."""
    Page.objects.filter(pk=1).update(url="https://status.example.com/", time_zone="Europe/Berlin")
    now.move_to(NOW - timedelta(hours=1))
    incident = begin(impacts={api: MAJOR})
    now.move_to(NOW - timedelta(minutes=30))
    post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message="It is a disk.", impacts={api: DEGRADED})
    now.move_to(NOW)
    end(incident)
    incident.refresh_from_db()
    return incident


def test_one_is_the_contract_key_for_key(client: Client, told: Incident) -> None:
    data = one(client, told)
    ids = [entry.pop("id") for entry in data["timeline"]]
    assert ids == list(told.updates.values_list("public_id", flat=True))
    first = {
        "status": "investigating",
        "bodyMarkdown": "We **look** into it.",
        "bodyHtml": "<p>We <strong>look</strong> into it.</p>",
        "postedAt": "2026-11-21T11:02:30Z",
        "components": [
            {"slug": "api", "name": "API gateway", "oldStatus": "operational", "newStatus": "major_outage"}
        ],
    }
    assert data["timeline"][-1] == first
    assert [(entry["status"], entry["postedAt"]) for entry in data["timeline"]] == [
        ("resolved", "2026-11-21T12:02:30Z"),
        ("identified", "2026-11-21T11:32:30Z"),
        ("investigating", "2026-11-21T11:02:30Z"),
    ]
    del data["timeline"]
    assert list(data.items()) == list(
        {
            "id": told.public_id,
            "reference": "INC-2026-1121-a",
            "title": "Requests fail",
            "severity": "critical",
            "status": "resolved",
            "impact": told.impact,
            "components": [{"slug": "api", "name": "API gateway", "status": "operational"}],
            "startedAt": "2026-11-21T11:02:30Z",
            "containedAt": None if told.contained_at is None else f"{told.contained_at:%Y-%m-%dT%H:%M:%SZ}",
            "resolvedAt": "2026-11-21T12:02:30Z",
            "nextUpdateDueAt": None,
            "rootCauseSummary": "A `disk`.",
            "remediation": "A better disk.",
            "postmortem": None,
        }.items()
    )


def test_an_open_one_says_what_it_says_of_components_and_when_the_next_update_is_due(
    client: Client, api: Component
) -> None:
    data = one(client, begin(impacts={api: MAJOR}))
    assert data["components"] == [{"slug": "api", "name": "API gateway", "status": "major_outage"}]
    assert (data["nextUpdateDueAt"], data["resolvedAt"]) == ("2026-11-21T12:32:30Z", None)
    assert (data["rootCauseSummary"], data["remediation"]) == (None, None)


def test_the_list_has_the_same_documents(client: Client, told: Incident) -> None:
    assert ask(client) == {"data": [one(client, told)], "nextCursor": None}


def test_without_incidents_the_list_is_empty(client: Client, page: Page) -> None:
    assert ask(client) == {"data": [], "nextCursor": None}


def test_hidden_components_are_nowhere(client: Client, told: Incident, api: Component) -> None:
    Component.objects.filter(pk=api.pk).update(is_visible=False)
    assert "gateway" not in client.get(PATH).content.decode()
    assert "gateway" not in client.get(f"{PATH}/{told.reference}").content.decode()


def write_up(incident: Incident) -> Postmortem:
    draft = start_postmortem(incident=incident)
    edit_postmortem(postmortem=draft, sections={name: f"quokka *{name}*" for name in SECTIONS})
    return draft


def test_a_private_one_has_no_words(client: Client, api: Component) -> None:
    incident = begin("quokka", message="quokka", impacts={api: MAJOR}, private=True)
    resolve_incident(incident=incident, message="quokka", root_cause_summary="quokka", remediation="quokka")
    publish_postmortem(postmortem=write_up(incident))
    data = one(client, incident)
    assert (data["title"], data["timeline"], data["components"]) == (None, [], [])
    assert (data["rootCauseSummary"], data["remediation"]) == (None, None)
    assert (data["severity"], data["status"], data["startedAt"]) == ("critical", "resolved", "2026-11-21T12:02:30Z")
    assert (data["postmortem"]["publishedAt"], data["postmortem"]["sections"]) == ("2026-11-21T12:02:30Z", [])
    assert ask(client)["data"] == [data]
    assert b"quokka" not in client.get(PATH).content


def test_a_draft_is_nowhere_and_a_published_postmortem_is_whole(client: Client, told: Incident) -> None:
    draft = write_up(told)
    assert one(client, told)["postmortem"] is None
    assert b"quokka" not in client.get(PATH).content
    publish_postmortem(postmortem=draft)
    postmortem = one(client, told)["postmortem"]
    assert [section["key"] for section in postmortem["sections"]] == list(SECTIONS)
    assert postmortem["sections"][2] == {
        "key": "root_cause",
        "title": "Root cause",
        "bodyMarkdown": "quokka *root_cause*",
        "bodyHtml": "<p>quokka <em>root_cause</em></p>",
    }
    del postmortem["sections"]
    assert postmortem == {
        "url": f"https://status.example.com/incidents/{told.reference}/postmortem/",
        "publishedAt": "2026-11-21T12:02:30Z",
        "editedAt": None,
    }


def test_a_duplicate_is_in_no_list_and_leads_to_the_other(client: Client, page: Page) -> None:
    kept, duplicate = begin("Kept"), begin("Again")
    merge_incident(duplicate=duplicate, into=kept)
    assert references(client) == [kept.reference]
    assert references(client, state="resolved") == []
    response = client.get(f"{PATH}/{duplicate.reference}")
    assert (response.status_code, response["Location"]) == (301, f"{PATH}/{kept.reference}")
    assert response["Access-Control-Allow-Origin"] == "*"


def test_the_newest_are_first_and_state_and_severity_choose(client: Client, page: Page) -> None:
    over = begin("Over", severity="minor", started_at=NOW - timedelta(hours=2))
    end(over)
    still = begin("Still")
    assert references(client) == [still.reference, over.reference]
    assert references(client, state="open") == [still.reference]
    assert references(client, state="resolved") == [over.reference]
    assert references(client, severity="minor") == [over.reference]
    assert references(client, severity="minor", state="open") == []


def test_a_component_chooses_its_own_and_tells_of_no_private_one(client: Client, api: Component, page: Page) -> None:
    other = Component.objects.create(slug="db", name="Database", position=2)
    begin("Of the other", impacts={other: MAJOR})
    begin("Private", impacts={api: MAJOR}, private=True)
    own = begin("Of this", impacts={api: MAJOR, other: MAJOR})
    assert references(client, component="api") == [own.reference]
    # One that was retired still has its history.
    Component.objects.filter(pk=api.pk).update(retired_at=NOW)
    assert references(client, component="api") == [own.reference]


def test_from_is_within_and_to_is_not(client: Client, page: Page) -> None:
    Page.objects.filter(pk=1).update(time_zone="Europe/Berlin")
    midnight = datetime.fromisoformat("2026-11-20T23:00:00Z")
    first, second = rows(2, since=midnight)[:2]
    Incident.objects.filter(pk=first.pk).update(started_at=midnight - timedelta(seconds=1))
    assert references(client, from_="2026-11-21") == [second.reference]
    assert references(client, to="2026-11-21") == [first.reference]
    assert references(client, from_="2026-11-20T23:00:00Z", to="2026-11-21T00:00:01+01:00") == [second.reference]
    assert references(client, from_="2026-11-22") == []


def read_on(client: Client, answer: dict[str, Any], **filters: str) -> list[str]:
    found = [row["reference"] for row in answer["data"]]
    while answer["nextCursor"] is not None:
        answer = ask(client, cursor=answer["nextCursor"], **filters)
        found += [row["reference"] for row in answer["data"]]
    return found


@pytest.mark.parametrize("filters", [{}, {"limit": "7"}, {"limit": "40"}, {"limit": "100", "severity": "minor"}])
def test_pages_have_no_gaps_and_no_repeats_also_when_one_is_added_meanwhile(
    client: Client, page: Page, filters: dict[str, str]
) -> None:
    rows(120)
    expected = list(Incident.objects.newest_first().values_list("reference", flat=True))
    first = ask(client, **filters)
    assert len(first["data"]) == int(filters.get("limit", "50"))
    rows(1, since=NOW + timedelta(hours=1))
    # One that was entered late, and belongs on a page that was read.
    rows(1, since=NOW - timedelta(seconds=30))
    assert read_on(client, first, **filters) == expected


def test_the_last_page_says_so_also_when_it_is_full(client: Client, page: Page) -> None:
    rows(4)
    first = ask(client, limit="2")
    last = ask(client, limit="2", cursor=first["nextCursor"])
    assert (len(last["data"]), last["nextCursor"]) == (2, None)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"status": "open"}, "There is no parameter 'status'; known here: state, severity"),
        ({"state": "closed"}, "state is 'closed'; write open or resolved."),
        ({"state": ""}, "state is ''; write open or resolved."),
        ({"severity": "awful"}, "There is no severity 'awful'; known here: critical, major, minor."),
        ({"severity": ""}, "There is no severity ''"),
        ({"component": "nothing"}, "There is no component 'nothing'; give its slug."),
        ({"component": "hidden"}, "There is no component 'hidden'"),
        ({"component": "a\x00b"}, "There is no component 'a\\x00b'"),
        ({"from": "yesterday"}, "from is 'yesterday'; write a day"),
        ({"to": "2026-11-21T12:00:00"}, "to is '2026-11-21T12:00:00'; write a day"),
        ({"from": "2026-11-21", "to": "2026-11-21"}, "from must be before to."),
        ({"limit": "0"}, "limit is '0'; write a number from 1 to 100."),
        ({"limit": "101"}, "limit is '101'"),
        ({"limit": "-1"}, "limit is '-1'"),
        ({"limit": "²"}, "limit is '²'"),
        ({"limit": ""}, "limit is ''"),
        ({"cursor": ""}, "cursor is ''; give the nextCursor"),
        ({"cursor": "abc"}, "cursor is 'abc'"),
        ({"cursor": "ü"}, "cursor is 'ü'"),
        # -99999999999999999.1, a moment before all calendars; and a key that no database has.
        ({"cursor": "LTk5OTk5OTk5OTk5OTk5OTk5LjE"}, "cursor is"),
        ({"cursor": "MS45OTk5OTk5OTk5OTk5OTk5OTk5OTk5"}, "cursor is"),
        ([("state", "open"), ("state", "open")], "The parameter state is there 2 times; give it once."),
    ],
)
def test_what_is_unknown_or_wrong_is_400_with_a_sentence(
    client: Client, api: Component, query: Any, said: str
) -> None:
    Component.objects.create(slug="hidden", name="Hidden", is_visible=False)
    response = client.get(f"{PATH}?{urlencode(query)}")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["detail"].startswith(said)


@pytest.mark.parametrize("reference", ["INC-2026-1121-z", "a%00b", "x" * 300, "%F0%9F%92%A5"])
def test_a_reference_that_nothing_has_is_404(client: Client, page: Page, reference: str) -> None:
    response = client.get(f"{PATH}/{reference}")
    assert (response.status_code, response["Content-Type"]) == (404, "application/problem+json")
    assert response.json()["detail"].startswith("There is no incident ")


def test_one_takes_no_filters(client: Client, told: Incident) -> None:
    assert client.get(f"{PATH}/{told.reference}?state=open").status_code == 400


def test_queries_are_as_many_for_a_hundred_as_for_one(client: Client, api: Component) -> None:
    filters = {"severity": "minor", "component": "api", "limit": "100"}

    def asked() -> tuple[int, int]:
        with CaptureQueriesContext(connection) as queries:
            listed = len(ask(client, **filters)["data"])
        return listed, len(queries)

    def affect(made: list[Incident]) -> None:
        for row in made:
            row.components.add(api, through_defaults={"status": MAJOR})

    affect(rows(1))
    # The links of the page are read once for all.
    asked()
    listed, few = asked()
    affect(rows(120, since=NOW - timedelta(days=1)))
    assert listed == 1
    assert asked() == (100, few)
    assert few <= 8


@pytest.mark.parametrize("single", [False, True])
def test_head_options_and_conditional_requests(client: Client, told: Incident, single: bool) -> None:
    path = f"{PATH}/{told.reference}" if single else PATH
    got = client.get(path)
    assert (got["Content-Type"], got["Access-Control-Allow-Origin"]) == ("application/json", "*")
    head = client.head(path)
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", got["ETag"])
    kept = client.get(path, headers={"If-None-Match": got["ETag"]})
    assert (kept.status_code, kept.content) == (304, b"")
    preflight = client.options(path)
    assert (preflight.status_code, preflight["Access-Control-Allow-Methods"]) == (204, "GET, HEAD, OPTIONS")
    refused = client.post(path)
    assert (refused.status_code, refused["Content-Type"]) == (405, "application/problem+json")
    post_update(incident=told, status=IncidentStatus.MONITORING, message="It is back.")
    assert client.get(path, headers={"If-None-Match": got["ETag"]}).status_code == 200
