import json
from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from statuspage.web.health import views as health
from statuspage.web.publication.publisher import Publisher
from statuspage.web.publication.sources import PageVersion
from tests.unit.web.publication.conftest import NOON, Site


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def publisher(site: Site, monkeypatch: pytest.MonkeyPatch) -> Publisher:
    publisher = Publisher(read_version=site.read_version, render=site.render)
    monkeypatch.setattr(health, "publisher", publisher)
    return publisher


@pytest.mark.django_db
def test_alive_asks_no_database(client: Client, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_ready_says_what_is_not(client: Client, publisher: Publisher) -> None:
    response = client.get("/readyz")
    assert response.status_code == 503
    assert json.loads(response.content)["problems"] == [
        "The database does not answer.",
        "There is no edition yet.",
    ]


@pytest.mark.django_db
def test_ready_with_a_fresh_edition(
    client: Client, publisher: Publisher, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    publisher.step()
    with django_assert_num_queries(0):
        response = client.get("/readyz")
    assert response.status_code == 200
    report = json.loads(response.content)
    assert report["problems"] == []
    assert report["edition"]["version"] == 1
    assert response["Cache-Control"] == "no-store"


def test_an_edition_older_than_three_refreshes_is_not_fresh(publisher: Publisher) -> None:
    with time_machine.travel(NOON, tick=False):
        publisher.step()
    with time_machine.travel(NOON + timedelta(seconds=91), tick=False):
        assert "The page could not be refreshed for 91 s." in health.readiness(publisher)["problems"]


def test_a_failing_rebuild_is_named(publisher: Publisher, site: Site) -> None:
    publisher.step()
    site.trouble = OperationalError("password=secret refused")
    publisher.step()
    report = health.readiness(publisher)
    assert report["problems"] == [
        "The database does not answer.",
        "The last attempts to refresh the page failed.",
    ]
    assert "secret" not in json.dumps(report)


def test_a_broken_template_is_not_blamed_on_the_database(publisher: Publisher, site: Site) -> None:
    site.template_trouble = ValueError("a bug")
    publisher.step()
    assert health.readiness(publisher)["problems"] == [
        "There is no edition yet.",
        "The last attempts to refresh the page failed.",
    ]


def test_a_slow_database_is_named(site: Site) -> None:
    publisher = Publisher(read_version=lambda: PageVersion(1, 30), render=site.render)
    publisher.step()
    publisher.state.answer_ms = 1500
    assert health.readiness(publisher)["problems"] == ["The database took 1500 ms to answer."]


def test_a_disk_that_takes_no_edition_is_named(publisher: Publisher) -> None:
    publisher.step()
    publisher.state.store_failures = 1
    assert health.readiness(publisher)["problems"] == ["The edition cannot be written to the disk."]
