"""What a Prometheus reads, and who may."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from incidents.enums import NoticeKind
from incidents.models import Notice
from statuspage.core import clock
from statuspage.web.metrics import parts
from subscriptions.enums import Channel, DeliveryState
from subscriptions.models import Delivery, DeliveryCount, Subscriber
from subscriptions.retention import forget_deliveries

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> parts.EndedDeliveries:
    """That of this test: nothing is remembered of others, and nothing from one reading to the next."""
    fresh = parts.EndedDeliveries()
    fresh.SHORTEST_PAUSE_SECONDS = fresh.PAUSE_FACTOR = 0.0
    monkeypatch.setitem(parts.PARTS, "ended_deliveries", fresh)
    return fresh


@pytest.fixture
def deliveries() -> None:
    """Two mails that wait, one of them for two minutes; one sent; one failed."""
    notice = Notice.objects.create(kind=NoticeKind.INCIDENT_CREATED, payload={})
    now = clock.now()
    sent = {"state": DeliveryState.SENT, "sent_at": now}
    rows: tuple[dict[str, Any], ...] = (
        {"next_attempt_at": now - timedelta(minutes=2)},
        {},
        sent,
        {"state": DeliveryState.FAILED},
    )
    for number, fields in enumerate(rows):
        reader = Subscriber.objects.create(address=f"r{number}@example.org")
        Delivery.objects.create(notice=notice, subscriber=reader, **fields)


def read(client: Client) -> dict[tuple[str, ...], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.content.decode())
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


def test_what_waits_and_what_became_of_the_rest_by_channel(client: Client, deliveries: None) -> None:
    said = read(client)
    assert said["statuspage_deliveries_waiting", "email"] == 2
    assert 120 <= said["statuspage_delivery_queue_age_seconds", "email"] < 180
    assert said["statuspage_delivery_failure_ratio", "email"] == 0.5
    assert said["statuspage_deliveries_total", "email", "sent"] == 1
    assert said["statuspage_deliveries_total", "email", "failed"] == 1
    for channel in Channel.values:
        assert ("statuspage_delivery_queue_age_seconds", channel) in said


def test_what_is_forgotten_still_counts(client: Client, deliveries: None) -> None:
    forget_deliveries(Delivery.objects.exclude(state=DeliveryState.PENDING))
    assert DeliveryCount.objects.count() == 2
    said = read(client)
    assert said["statuspage_deliveries_total", "email", "sent"] == 1
    assert said["statuspage_deliveries_total", "email", "failed"] == 1


def test_a_counter_never_falls(client: Client, deliveries: None) -> None:
    read(client)
    Delivery.objects.filter(state=DeliveryState.FAILED).update(state=DeliveryState.PENDING)
    assert read(client)["statuspage_deliveries_total", "email", "failed"] == 1


def test_the_whole_ledger_is_not_read_at_each_reading(
    client: Client, deliveries: None, ended: parts.EndedDeliveries
) -> None:
    ended.SHORTEST_PAUSE_SECONDS = 60.0
    read(client)
    Delivery.objects.update(state=DeliveryState.SENT)
    assert read(client)["statuspage_deliveries_total", "email", "sent"] == 1


def test_without_the_database_the_rest_is_there_and_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> list[Metric]:
        raise OperationalError("no answer")

    monkeypatch.setitem(parts.PARTS, "waiting_deliveries", silent)
    said = read(client)
    assert said["statuspage_metrics_readable", "waiting_deliveries"] == 0
    assert said["statuspage_metrics_readable", "edition"] == 1
    assert ("statuspage_deliveries_waiting", "email") not in said


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1", 200),
        ("::1", 200),
        ("10.1.2.3", 200),
        ("::ffff:192.168.0.9", 200),
        ("fd00::1", 200),
        ("8.8.8.8", 401),
        ("::ffff:8.8.8.8", 401),
        ("2606:4700::1", 401),
        ("", 401),
    ],
)
def test_without_a_token_only_near_addresses_read(client: Client, address: str, status: int) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Proto"])
def test_through_a_proxy_that_is_not_counted_nobody_is_near(client: Client, header: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1", headers={header: "127.0.0.1"}).status_code == 401


def test_behind_a_proxy_of_ours_the_visitor_counts(client: Client, settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    for forged, true, status in (("127.0.0.1", "8.8.8.8", 401), ("8.8.8.8", "10.0.0.1", 200)):
        headers = {"X-Forwarded-For": f"{forged}, {true}"}
        assert client.get("/metrics", REMOTE_ADDR="10.9.9.9", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("count", "headers"),
    [
        (1, {"X-Forwarded-For": "8.8.8.8:51234"}),
        (1, {"X-Forwarded-For": "unknown"}),
        (1, {"X-Forwarded-Proto": "https"}),
        # Somebody who went around the first of two.
        (2, {"X-Forwarded-For": "8.8.8.8"}),
    ],
)
def test_a_proxy_of_ours_that_names_nobody_is_not_taken_for_the_visitor(
    client: Client, settings: Settings, count: int, headers: dict[str, str]
) -> None:
    settings.TRUSTED_PROXY_COUNT = count
    assert client.get("/metrics", REMOTE_ADDR="10.9.9.9", headers=headers).status_code == 401


def test_with_a_token_only_the_token_counts(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "s3cret"
    refused = client.get("/metrics", REMOTE_ADDR="127.0.0.1")
    assert (refused.status_code, refused["WWW-Authenticate"]) == (401, 'Bearer realm="metrics"')
    for given in ("Bearer wrong", "s3cret", "Bearer s3cret ü"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 401
    far = client.get("/metrics", REMOTE_ADDR="8.8.8.8", headers={"Authorization": "Bearer s3cret"})
    assert far.status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_is_only_read(client: Client, method: str) -> None:
    assert client.generic(method, "/metrics").status_code == 405
