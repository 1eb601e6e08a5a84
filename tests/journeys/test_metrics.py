"""A number is pushed and stands on the page, in an open tab and in `/status.json`."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.stack import PATIENCE, Stack, eventually

TOKEN = "of-the-metrics-of-this-journey"
CONFIG = f"""\
[page]
name = "Messenger"
refresh = "5s"

[[components]]
slug = "api"
name = "API"

[[metrics]]
key = "online_now"
name = "Online now"
token = "{TOKEN}"

[[metrics]]
key = "messages_last_24h"
name = "Messages"
kind = "counter_24h"
token = "{TOKEN}"
"""


@pytest.fixture(scope="module", autouse=True)
def configured(stack: Stack) -> None:
    stack.load_config(CONFIG)


def push(stack: Stack, key: str, body: Any, *, token: str = TOKEN) -> httpx.Response:
    return stack.client.put(f"/v1/metrics/{key}", json=body, headers={"Authorization": f"Bearer {token}"})


def snapshot(stack: Stack) -> Any:
    return stack.get("/status.json").json()["snapshot"]


def test_a_number_reaches_an_open_tab_and_the_snapshot(stack: Stack, page: Page) -> None:
    eventually(lambda: "Live traffic" in stack.get("/").text)
    page.goto("/")
    tile = page.locator("#m-online_now")
    expect(tile).to_contain_text("No data yet")
    assert snapshot(stack) == {}

    ago = [datetime.now(UTC) - timedelta(minutes=minutes) for minutes in (40, 10)]
    points = {"points": [{"at": at.isoformat(), "value": 1200} for at in ago]}
    for _ in range(2):  # a sender that repeats itself, since the first answer was lost
        assert push(stack, "messages_last_24h", points).status_code == 200
    assert push(stack, "online_now", 1204).json()["data"]["points"] == 1

    expect(tile).to_contain_text("1,204", timeout=PATIENCE * 1000)
    expect(page.locator("#m-messages_last_24h dd").first).to_have_text("2,400")
    expect(page.locator("#m-messages_last_24h svg")).to_have_attribute(
        "aria-label", "Last 24 hours: 1,200 a quarter of an hour. No data for 94 quarters of an hour."
    )
    assert snapshot(stack) == {"online_now": 1204, "messages_last_24h": 2400}


def test_without_the_token_nothing_is_taken(stack: Stack) -> None:
    assert stack.client.put("/v1/metrics/online_now", json=9).status_code == 401
    assert push(stack, "online_now", 9, token="somebody-elses-token").status_code == 403
    assert push(stack, "no_such_metric", 9).status_code == 403
    assert stack.query("SELECT count(*) FROM probes_metricpoint WHERE value = 9") == [(0,)]
