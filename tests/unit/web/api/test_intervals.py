"""The intervals behind a figure: whoever doubts it can count them."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from components.models import Component, Page
from incidents.enums import MaintenanceStatus
from incidents.maintenance import schedule_maintenance
from incidents.models import Maintenance
from probes.corrections import exclude
from probes.enums import CorrectionKind
from probes.late_maintenance import leave_out_past
from probes.models import Correction, Probe
from statuspage.web.api import answers
from statuspage.web.api.intervals import no_formula
from tests.unit.web.api.conftest import october, promise, states_of, write_day

JSON = "/v1/status/intervals.json"
CSV = "/v1/status/intervals.csv"
OCTOBER = {"component": "api", "month": "2026-10"}


def rows_of(client: Client, **query: str) -> list[dict[str, str]]:
    response = client.get(CSV, query or OCTOBER)
    assert response.status_code == 200, response.content
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_the_published_figure_can_be_counted_from_the_csv(client: Client, probe: Probe) -> None:
    promise(probe.component)
    october(
        probe, d07=states_of(bad=9), d08=states_of(maintenance=24, degraded=7), d09=states_of(excluded=3, unknown=5)
    )
    counts = dict.fromkeys(("good", "bad", "left_out", "unknown"), 0)
    for row in rows_of(client):
        counts[row["counts_as"]] += 1
    (published,) = client.get("/v1/status/slo", {"month": "2026-10"}).json()["data"]["objectives"]
    assert counts == {
        "good": published["good"],
        "bad": published["bad"],
        "left_out": published["excluded"],
        "unknown": published["unknown"],
    }
    hundredths = 10_000 * counts["good"] // (counts["good"] + counts["bad"])
    assert published["availability"] == hundredths / 100
    document = client.get(JSON, OCTOBER).json()["data"]
    assert (document["good"], document["bad"], document["availability"]) == (
        published["good"],
        published["bad"],
        published["availability"],
    )


def test_every_interval_is_there_with_its_checks(client: Client, probe: Probe) -> None:
    october(probe, d01=states_of(bad=1))
    rows = rows_of(client)
    assert len(rows) == 31 * 288
    assert rows[:2] == [
        {
            "interval_start": "2026-10-01T00:00:00Z",
            "state": "bad",
            "counts_as": "bad",
            "ok": "0",
            "fail": "10",
            "errors": "0",
            "reason": "",
        },
        {
            "interval_start": "2026-10-01T00:05:00Z",
            "state": "good",
            "counts_as": "good",
            "ok": "10",
            "fail": "0",
            "errors": "0",
            "reason": "",
        },
    ]
    assert rows[-1]["interval_start"] == "2026-10-31T23:55:00Z"


def test_json_has_the_same_intervals(client: Client, probe: Probe) -> None:
    october(probe)
    document = client.get(JSON, OCTOBER).json()["data"]
    assert document["component"] == "api"
    assert document["intervals"][0] == {
        "start": "2026-10-01T00:00:00Z",
        "state": "good",
        "countsAs": "good",
        "ok": 10,
        "fail": 0,
        "errors": 0,
        "reason": None,
    }


def maintenance(component: Component, **changes: Any) -> Maintenance:
    begin = datetime(2026, 10, 8, 0, 2, tzinfo=UTC)
    values: dict[str, Any] = {
        "reference": "MNT-2026-1008-a",
        "title": "A new database",
        "status": MaintenanceStatus.COMPLETED,
        "scheduled_for": begin,
        "scheduled_until": begin + timedelta(hours=9),
        "started_at": begin,
        "completed_at": begin + timedelta(minutes=10),
    }
    window = Maintenance.objects.create(**(values | changes))
    window.components.set([component])
    return window


def test_what_is_left_out_says_why(client: Client, probe: Probe) -> None:
    write_day(probe, date(2026, 10, 8), states_of(maintenance=3, excluded=2))
    maintenance(probe.component)
    correction = Correction.objects.create(
        kind=CorrectionKind.NOT_OURS,
        starts_at=datetime(2026, 10, 8, 0, 15, tzinfo=UTC),
        ends_at=datetime(2026, 10, 8, 0, 25, tzinfo=UTC),
        reason="The carrier's cable was cut.",
        author="ada",
    )
    correction.components.set([probe.component])
    rows = rows_of(client, component="api", **{"from": "2026-10-08", "to": "2026-10-09"})
    assert [(row["state"], row["counts_as"], row["reason"]) for row in rows[:6]] == [
        *[("maintenance", "left_out", "MNT-2026-1008-a A new database")] * 3,
        *[("not_ours", "left_out", "The carrier's cable was cut.")] * 2,
        ("good", "good", ""),
    ]


def test_a_window_written_down_afterwards_is_named_once(client: Client, probe: Probe) -> None:
    begin = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)
    write_day(probe, date(2026, 11, 21), states_of(good=144, unknown=144))
    window = schedule_maintenance(
        title="Past work",
        components=[probe.component],
        scheduled_for=begin,
        scheduled_until=begin + timedelta(minutes=20),
        message="We moved a database.",
    )
    leave_out_past(maintenance=window, author="ada")
    rows = rows_of(client, component="api", **{"from": "2026-11-21T11:30:00Z", "to": "2026-11-21T12:00:00Z"})
    said = ("left_out", f"{window.reference} Past work")
    assert [(row["counts_as"], row["reason"]) for row in rows] == [*[said] * 4, ("good", ""), ("good", "")]


def test_a_correction_about_a_window_keeps_words_of_its_own(client: Client, probe: Probe) -> None:
    write_day(probe, date(2026, 10, 8), states_of())
    window = maintenance(probe.component)
    exclude(
        components=[probe.component],
        starts_at=datetime(2026, 10, 8, 0, 5, tzinfo=UTC),
        ends_at=datetime(2026, 10, 8, 0, 10, tzinfo=UTC),
        kind=CorrectionKind.MAINTENANCE,
        reason="It was announced too late.",
        author="ada",
        maintenance=window,
    )
    rows = rows_of(client, component="api", **{"from": "2026-10-08", "to": "2026-10-09"})
    assert rows[1]["reason"] == "It was announced too late.; MNT-2026-1008-a A new database"


def test_a_window_that_never_took_place_explains_nothing(client: Client, probe: Probe) -> None:
    write_day(probe, date(2026, 10, 8), states_of(maintenance=1))
    maintenance(probe.component, status=MaintenanceStatus.CANCELLED, started_at=None, completed_at=None)
    rows = rows_of(client, component="api", **{"from": "2026-10-08", "to": "2026-10-09"})
    assert rows[0]["reason"] == ""


def test_a_reason_never_becomes_a_formula(client: Client, probe: Probe) -> None:
    write_day(probe, date(2026, 10, 8), states_of(excluded=1))
    correction = Correction.objects.create(
        kind=CorrectionKind.NOT_OURS,
        starts_at=datetime(2026, 10, 8, tzinfo=UTC),
        ends_at=datetime(2026, 10, 8, 0, 5, tzinfo=UTC),
        reason='=HYPERLINK("https://evil.example.com","click, me")',
        author="ada",
    )
    correction.components.set([probe.component])
    rows = rows_of(client, component="api", **{"from": "2026-10-08", "to": "2026-10-09"})
    assert rows[0]["reason"] == '\'=HYPERLINK("https://evil.example.com","click, me")'


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@SUM(A1)", "\t=1", "  =1", "  @SUM(A1)"])
def test_whatever_a_spreadsheet_would_run_is_quoted(text: str) -> None:
    assert no_formula(text) == f"'{text}"


def test_an_interval_has_the_reasons_that_cover_it_and_not_those_next_to_it(client: Client, probe: Probe) -> None:
    write_day(probe, date(2026, 10, 8), states_of(excluded=2))
    for minute, reason in ((0, "The provider was down."), (5, "The network was down.")):
        begin = datetime(2026, 10, 8, 0, minute, tzinfo=UTC)
        correction = Correction.objects.create(
            kind=CorrectionKind.NOT_OURS,
            starts_at=begin,
            ends_at=begin + timedelta(minutes=5),
            reason=reason,
            author="ada",
        )
        correction.components.set([probe.component])
    rows = rows_of(client, component="api", **{"from": "2026-10-08", "to": "2026-10-09"})
    assert [row["reason"] for row in rows[:3]] == ["The provider was down.", "The network was down.", ""]


def test_a_hundred_days_may_be_asked_for(client: Client, probe: Probe) -> None:
    october(probe)
    query = {"component": "api", "from": "2026-07-24", "to": "2026-11-01"}
    assert client.get(JSON, query).status_code == 200
    assert client.get(JSON, query | {"to": "2026-11-01T00:00:01Z"}).status_code == 400


@given(st.text())
def test_no_text_begins_like_a_formula(text: str) -> None:
    assert not no_formula(text).lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_a_day_begins_at_midnight_of_the_page_and_a_moment_where_it_says(client: Client, probe: Probe) -> None:
    Page.objects.filter(pk=1).update(time_zone="Europe/Berlin")
    october(probe)
    days = rows_of(client, component="api", **{"from": "2026-10-08", "to": "2026-10-09"})
    assert (days[0]["interval_start"], len(days)) == ("2026-10-07T22:00:00Z", 288)
    hours = rows_of(client, component="api", **{"from": "2026-10-08T12:00:00+02:00", "to": "2026-10-08T11:00:00Z"})
    assert (hours[0]["interval_start"], len(hours)) == ("2026-10-08T10:00:00Z", 12)


def test_an_unescaped_plus_is_understood(client: Client, probe: Probe) -> None:
    october(probe)
    response = client.get(f"{JSON}?component=api&from=2026-10-08T12:00:00+02:00&to=2026-10-08T11:00:00Z")
    assert response.json()["data"]["windowStart"] == "2026-10-08T10:00:00Z"


def test_without_a_window_it_is_the_last_day(client: Client, probe: Probe) -> None:
    data = client.get(JSON, {"component": "api"}).json()["data"]
    assert (data["windowStart"], data["windowEnd"]) == ("2026-11-20T12:02:30Z", "2026-11-21T12:02:30Z")


def test_with_an_end_alone_it_is_the_day_before_it(client: Client, probe: Probe) -> None:
    data = client.get(JSON, {"component": "api", "to": "2026-10-09"}).json()["data"]
    assert (data["windowStart"], data["windowEnd"]) == ("2026-10-08T00:00:00Z", "2026-10-09T00:00:00Z")


def test_the_year_2000_is_the_first_that_may_be_asked_for(client: Client, probe: Probe) -> None:
    query = {"component": "api", "from": "2000-01-01", "to": "2000-01-02"}
    assert client.get(JSON, query).json()["data"]["intervals"] == []


@pytest.mark.parametrize("slug", ["read_api", "a" * 80, "eu-1"])
def test_every_slug_that_a_component_may_have_is_found(client: Client, probe: Probe, slug: str) -> None:
    Component.objects.update(slug=slug)
    assert client.get(JSON, {"component": slug}).json()["data"]["component"] == slug


def test_the_sums_stand_beside_the_intervals_they_are_made_of(client: Client, probe: Probe) -> None:
    write_day(probe, date(2026, 10, 8), states_of(bad=30, unknown=48, excluded=10, maintenance=20))
    data = client.get(JSON, {"component": "api", "from": "2026-10-08", "to": "2026-10-09"}).json()["data"]
    # Known are 210 of the 258 that could be: what is left out is in neither.
    assert (data["good"], data["bad"], data["excluded"], data["unknown"]) == (180, 30, 30, 48)
    assert (data["availability"], data["coverage"]) == (85.71, 81.39)


def test_a_component_that_was_taken_away_can_still_be_checked(client: Client, probe: Probe) -> None:
    october(probe)
    Component.objects.update(retired_at=datetime(2026, 11, 1, tzinfo=UTC))
    assert len(rows_of(client)) == 31 * 288


@pytest.mark.parametrize("path", [JSON, CSV])
@pytest.mark.parametrize(
    ("query", "status", "sentence"),
    [
        ("", 400, "Say which component"),
        ("component=", 400, "Say which component"),
        ("component=apy", 404, "There is no component 'apy'."),
        ("component=hidden", 404, "There is no component 'hidden'."),
        ("component=%00", 404, "There is no component"),
        ("component=a%2F..%2Fb", 404, "There is no component"),
        ("component=" + "a" * 3000, 404, "There is no component"),
        ("component=api&component=web", 400, "is there 2 times"),
        ("component=api&since=2026", 400, "There is no parameter 'since'"),
        ("component=api&month=2026-1", 400, "is no month"),
        ("component=api&month=2026-10&from=2026-10-01", 400, "not both"),
        ("component=api&month=2026-10&to=2026-10-02", 400, "not both"),
        ("component=api&from=yesterday", 400, "from is 'yesterday'"),
        ("component=api&from=%00", 400, "from is"),
        ("component=api&from=2026-10-01T12:00:00", 400, "a moment such as"),
        ("component=api&from=1999-12-31&to=2000-01-01", 400, "from is '1999-12-31'"),
        ("component=api&from=0001-01-01", 400, "from is '0001-01-01'"),
        ("component=api&to=9999-12-31", 400, "to is '9999-12-31'"),
        ("component=api&from=0001-01-01T00:00:00%2B14:00", 400, "from is"),
        ("component=api&from=2026-10-02&to=2026-10-01", 400, "from must be before to"),
        ("component=api&from=2026-01-01&to=2026-10-01", 400, "At most 100 days"),
    ],
)
def test_a_wrong_question_is_answered_with_a_sentence(
    client: Client, api: Component, path: str, query: str, status: int, sentence: str
) -> None:
    Component.objects.create(slug="hidden", name="Hidden", is_visible=False)
    response = client.get(f"{path}?{query}")
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert sentence in response.json()["detail"]
    assert len(response.content) < 1000


@pytest.mark.parametrize(("path", "content_type"), [(JSON, "application/json"), (CSV, "text/csv; charset=utf-8")])
def test_they_are_read_without_login_from_everywhere(
    client: Client, probe: Probe, path: str, content_type: str
) -> None:
    response = client.get(path, OCTOBER)
    assert (response["Access-Control-Allow-Origin"], response["Content-Type"]) == ("*", content_type)
    assert "Set-Cookie" not in response
    again = client.get(path, OCTOBER, headers={"if-none-match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert client.head(path, OCTOBER).content == b""
    assert client.options(path).status_code == 204
    assert client.delete(path).status_code == 405


@pytest.mark.parametrize("path", [JSON, CSV])
def test_whoever_has_old_figures_is_sent_the_new_ones(client: Client, probe: Probe, path: str) -> None:
    write_day(probe, date(2026, 10, 8), states_of())
    old = client.get(path, OCTOBER)
    write_day(probe, date(2026, 10, 9), states_of(bad=1))
    new = client.get(path, OCTOBER, headers={"if-none-match": old["ETag"]})
    assert new.status_code == 200
    assert new.content != old.content


def test_the_download_has_a_name(client: Client, probe: Probe) -> None:
    assert client.get(CSV, OCTOBER)["Content-Disposition"] == (
        'attachment; filename="api-20261001T0000Z-20261101T0000Z.csv"'
    )


def test_who_asks_without_end_is_asked_to_wait(
    client: Client, api: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(answers, "REQUESTS_A_MINUTE", 2)
    statuses = [client.get(JSON, {"component": "api"}).status_code for _ in range(3)]
    cache.clear()
    assert statuses == [200, 200, 429]
