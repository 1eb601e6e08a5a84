"""`PUT /v1/metrics/<key>`."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import include, path
from pytest_django.fixtures import DjangoAssertNumQueries

from components.models import Page
from probes.metrics import services
from probes.metrics.minutes import minute_of
from probes.models import Metric, MetricPoint
from statuspage.core.clock import now

from .conftest import NOON, TOKEN, make_metric

urlpatterns = [path("", include("probes.urls"))]
Put = Callable[..., Any]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon", "clean_cache")]


@pytest.fixture(autouse=True)
def own_urls() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def clean_cache() -> None:
    from django.core.cache import cache

    cache.clear()


@pytest.fixture
def put() -> Put:
    """Pushes as a program does, with the checks a browser's request would meet."""
    client = Client(enforce_csrf_checks=True)

    def run(body: object, *, key: str = "online_now", token: str | None = TOKEN, **headers: str) -> HttpResponse:
        sent = body if isinstance(body, (bytes, str)) else json.dumps(body)
        bearer = {} if token is None else {"Authorization": f"Bearer {token}"}
        return client.put(f"/v1/metrics/{key}", sent, content_type="application/json", headers=bearer | headers)  # type: ignore[return-value]  # the test client says HttpResponse

    return run


def values() -> list[tuple[str, int, float]]:
    """Key, minutes before now, value."""
    rows = MetricPoint.objects.order_by("metric__key", "minute").values_list("metric__key", "minute", "value")
    return [(key, minute_of(NOON) - minute, value) for key, minute, value in rows]


def test_a_number_is_recorded_and_said_back(gauge: Metric, put: Put) -> None:
    response = put({"value": 12})
    assert response.status_code == 200
    assert response.json() == {"data": {"metric": "online_now", "points": 1, "newestAt": "2026-11-21T12:00:00Z"}}
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    assert values() == [("online_now", 0, 12.0)]


def test_a_second_number_in_the_minute_replaces_a_gauges(gauge: Metric, put: Put) -> None:
    put(12)
    put(13)
    assert values() == [("online_now", 0, 13.0)]


def test_a_counters_numbers_without_a_time_add_up(counter: Metric, put: Put) -> None:
    put(12, key="messages")
    put(13, key="messages")
    assert values() == [("messages", 0, 25.0)]


@pytest.mark.parametrize("key", ["online_now", "messages"])
def test_a_push_with_times_may_be_sent_twice(gauge: Metric, counter: Metric, put: Put, key: str) -> None:
    body = {"points": [{"at": "2026-11-21T11:58:00Z", "value": 3}, {"at": "2026-11-21T11:59:59Z", "value": 4}]}
    for _ in range(2):
        assert put(body, key=key).json()["data"]["points"] == 2
    assert values() == [(key, 2, 3.0), (key, 1, 4.0)]


def test_a_push_is_few_queries(
    gauge: Metric, counter: Metric, put: Put, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    points = [{"at": f"2026-11-21T0{hour}:{minute:02}:00Z", "value": 1} for hour in range(8) for minute in range(60)]
    with django_assert_max_num_queries(4):  # a savepoint's two among them
        put({"points": points}, key="messages")
    with django_assert_max_num_queries(6):
        put(1, key="messages")
    assert MetricPoint.objects.count() == 481


def test_a_push_leaves_the_version_of_the_page_alone(gauge: Metric, put: Put) -> None:
    before = Page.current().version
    put(12)
    assert Page.current().version == before


def test_without_a_token_the_answer_says_which_is_needed(gauge: Metric, put: Put) -> None:
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer "}, {"Authorization": TOKEN}):
        response = put(12, token=None, **headers)
        assert (response.status_code, response["WWW-Authenticate"]) == (401, "Bearer")
        assert response.json()["detail"] == "Send the metric's token: Authorization: Bearer TOKEN."
    assert not MetricPoint.objects.exists()


def test_a_wrong_token_and_an_unknown_metric_are_refused_alike(gauge: Metric, put: Put) -> None:
    """Nobody learns which metrics there are; not from what an invalid body is answered either."""
    make_metric("gone", retired_at=now())
    answers = [
        put("{nonsense", token="f" * 16),
        put("{nonsense", token=f"{TOKEN}x"),
        put(12, token="ü" * 16),
        put(12, key="no_such_metric"),
        put(12, key="gone"),
        put(12, key="..%00%ff"),
        put(12, key="no_such_metric", token="f" * 16),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(403, answers[0].content)}
    assert answers[0]["Content-Type"] == "application/problem+json"
    assert not MetricPoint.objects.exists()


def test_a_metric_without_a_token_of_its_own_takes_none(put: Put, db: None) -> None:
    make_metric(token_hash="")
    assert put(12, token="x").status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{nonsense", 400), ('{"value": NaN}', 400), ({"value": -1}, 400), (b"1" + b" " * 64_000, 413)],
)
def test_bad_input_gets_problem_details_with_a_sentence(counter: Metric, put: Put, body: object, status: int) -> None:
    response = put(body, key="messages")
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"].endswith(".")
    assert not MetricPoint.objects.exists()


def test_two_megabytes_are_refused_too(gauge: Metric, put: Put) -> None:
    assert put(b"1" * 2_000_000).status_code == 413


def test_a_token_that_pushes_without_end_is_slowed_down(
    gauge: Metric, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PUSHES_A_MINUTE", 3)
    assert [put(1).status_code for _ in range(4)] == [200, 200, 200, 429]
    assert put(1)["Retry-After"] == "60"


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
def test_other_methods_are_not_allowed(client: Client, gauge: Metric, method: str) -> None:
    assert client.generic(method, "/v1/metrics/online_now").status_code == 405
