"""What every answer of the public API has."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from components.models import Component
from statuspage.web.api import answers
from statuspage.web.api.answers import rfc3339

PATH = "/v1/status/intervals.json"
QUERY = {"component": "api"}


def test_a_time_is_said_in_utc_whatever_its_zone() -> None:
    assert rfc3339(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == "2026-10-25T01:30:00Z"
    assert rfc3339(datetime(2026, 7, 1, 0, 30, tzinfo=ZoneInfo("Europe/Berlin"))) == "2026-06-30T22:30:00Z"
    assert rfc3339(None) is None


def test_an_answer_may_be_kept_for_a_minute_and_shown_while_we_are_away(client: Client, api: Component) -> None:
    assert client.get(PATH, QUERY)["Cache-Control"] == "public, max-age=60, stale-if-error=86400"


def test_one_who_asks_too_often_takes_nobody_elses_turn(
    client: Client, api: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "REQUESTS_A_MINUTE", 1)

    def ask(address: str) -> int:
        return client.get(PATH, QUERY, REMOTE_ADDR=address).status_code

    assert [ask("203.0.113.1"), ask("203.0.113.1"), ask("203.0.113.2")] == [200, 429, 200]
