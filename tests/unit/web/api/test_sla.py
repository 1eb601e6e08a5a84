"""`GET /v1/status/sla`: the contract, key for key."""

import json
from datetime import UTC, date, datetime

from django.test import Client

from components.models import Component
from probes.enums import ProbeKind
from probes.models import Probe, ProbeLocation
from statuspage.web.documents import render_document, render_hot_documents
from tests.unit.web.api.conftest import make_probe, states_of, write_day

PATH = "/v1/status/sla"


def test_the_answer_is_the_contracts_word_for_word(client: Client, probe: Probe) -> None:
    ProbeLocation.objects.create(probe=probe, last_result_at=datetime(2026, 11, 21, 12, 2, tzinfo=UTC))
    failed_at = datetime(2026, 11, 9, 14, 23, tzinfo=UTC)
    write_day(probe, date(2026, 11, 9), states_of(), up=43_196, down=4, last_failure_at=failed_at)
    document = json.loads(client.get(PATH).content)
    assert document == {
        "data": [
            {
                "target": "api.driftstack.dev",
                "uptimePct": 99.99,
                "totalProbes": 43200,
                "okCount": 43196,
                "failCount": 4,
                "lastProbeAt": "2026-11-21T12:02:00Z",
                "lastFailureAt": "2026-11-09T14:23:00Z",
                "windowStart": "2026-10-22T12:02:30Z",
                "windowEnd": "2026-11-21T12:02:30Z",
            }
        ]
    }
    assert list(document["data"][0]) == [
        *("target", "uptimePct", "totalProbes", "okCount", "failCount"),
        *("lastProbeAt", "lastFailureAt", "windowStart", "windowEnd"),
    ]


def test_a_target_that_was_never_asked_has_no_figure(client: Client, probe: Probe) -> None:
    (row,) = client.get(PATH).json()["data"]
    assert (row["uptimePct"], row["totalProbes"], row["lastProbeAt"], row["lastFailureAt"]) == (None, 0, None, None)


def test_without_probes_there_are_no_rows(client: Client, page: object) -> None:
    assert client.get(PATH).json() == {"data": []}


def test_errors_of_our_own_are_no_checks_of_the_target(client: Client, probe: Probe) -> None:
    write_day(probe, date(2026, 11, 9), states_of(), up=9, down=1, error=90)
    (row,) = client.get(PATH).json()["data"]
    assert (row["totalProbes"], row["uptimePct"]) == (10, 90.0)


def test_probes_of_one_target_are_one_row(client: Client, api: Component, probe: Probe) -> None:
    other = make_probe(api, "api-login", config={"url": "https://api.driftstack.dev/login"})
    write_day(probe, date(2026, 11, 9), states_of(), up=9, down=1)
    write_other = {"up": 5, "down": 5}
    web = Component.objects.create(slug="web", name="Web")
    Probe.objects.filter(pk=other.pk).update(component=web)
    other.refresh_from_db()
    write_day(other, date(2026, 11, 9), states_of(), **write_other)
    (row,) = client.get(PATH).json()["data"]
    assert (row["totalProbes"], row["okCount"], row["failCount"], row["uptimePct"]) == (20, 14, 6, 70.0)


def test_what_is_hidden_or_retired_is_not_there(client: Client, api: Component, probe: Probe) -> None:
    hidden = Component.objects.create(slug="hidden", name="Hidden", is_visible=False)
    make_probe(hidden, "hidden-http", config={"url": "https://hidden.example.com/"})
    make_probe(
        api, "old-http", config={"url": "https://old.example.com/"}, retired_at=datetime(2026, 11, 1, tzinfo=UTC)
    )
    gone = Component.objects.create(slug="gone", name="Gone", retired_at=datetime(2026, 11, 1, tzinfo=UTC))
    make_probe(gone, "gone-http", config={"url": "https://gone.example.com/"})
    assert [row["target"] for row in client.get(PATH).json()["data"]] == ["api.driftstack.dev"]


def test_no_secret_is_in_the_answer(client: Client, api: Component) -> None:
    make_probe(api, config={"url": "https://status:secret@api.example.com/k?key=secret"})
    make_probe(api, "db", kind=ProbeKind.POSTGRES, config={"url": "postgresql://s:${DB_SECRET}@10.0.0.7/secret"})
    content = client.get(PATH).content.decode()
    assert "secret" not in content.lower()
    assert "10.0.0.7" not in content


def test_it_is_in_the_edition(probe: Probe) -> None:
    (document,) = [document for document in render_hot_documents() if document.path == PATH]
    assert document == render_document(PATH)
    assert document.content_type == "application/json"


def test_it_is_read_without_login_from_everywhere(client: Client, probe: Probe) -> None:
    response = client.get(PATH)
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Set-Cookie" not in response
    assert client.get(PATH, headers={"if-none-match": response["ETag"]}).status_code == 304
    assert client.head(PATH).content == b""
    assert client.options(PATH).status_code == 204
