import pytest
from django.test import Client, override_settings
from django.urls import include, path

from components.models import Component
from probes.enums import ProbeKind
from probes.models import Heartbeat, Probe, WorkerHeartbeat
from statuspage.core.tokens import hash_token

from .conftest import make_probe

TOKEN = "0123456789abcdef"
urlpatterns = [path("", include("probes.urls"))]
JSON = "application/json"

pytestmark = [pytest.mark.django_db]


@pytest.fixture
def job(api: Component) -> Probe:
    return make_probe(
        api, "nightly", kind=ProbeKind.HEARTBEAT, config={"max_age": "90s"}, token_hash=hash_token(TOKEN)
    )


@pytest.fixture
def strict_client() -> Client:
    """A client that checks cross-site requests as a browser's would be."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture(autouse=True)
def own_urls() -> object:
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_heartbeat_is_recorded(strict_client: Client, job: Probe, method: str) -> None:
    response = strict_client.generic(method, f"/heartbeat/{TOKEN}")
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    assert Heartbeat.objects.get().last_seen_at is not None


@pytest.mark.parametrize(("end", "failed", "seen"), [("start", False, False), ("fail", True, True)])
def test_the_end_of_the_address_says_what_happened(
    client: Client, job: Probe, end: str, failed: bool, seen: bool
) -> None:
    assert client.get(f"/heartbeat/{TOKEN}/{end}").json() == {"data": {"heartbeat": "nightly", "event": end}}
    beat = Heartbeat.objects.get()
    assert (beat.failed, beat.last_seen_at is not None) == (failed, seen)


def test_a_body_is_taken_in(client: Client, job: Probe) -> None:
    client.post(f"/heartbeat/{TOKEN}", '{"failed_jobs": 2, "backlog": 7, "message": "hm"}', content_type=JSON)
    assert Heartbeat.objects.values_list("failed_jobs", "backlog", "message").get() == (2, 7, "hm")


@pytest.mark.parametrize(
    ("url", "body", "status"),
    [
        (f"/heartbeat/{TOKEN}", b"{nonsense", 400),
        (f"/heartbeat/{TOKEN}", b'{"failed_jobs": "many"}', 400),
        (f"/heartbeat/{TOKEN}", b"x" * 10_001, 413),
        (f"/heartbeat/{TOKEN}", b"x" * 2_000_000, 413),
        ("/heartbeat/unknown", b"", 404),
        ("/heartbeat/%00%ff", b"", 404),
    ],
)
def test_bad_input_gets_problem_details_with_a_sentence(
    client: Client, job: Probe, url: str, body: bytes, status: int
) -> None:
    response = client.post(url, body, content_type=JSON)
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["detail"].endswith(".")
    assert not Heartbeat.objects.exists()


def test_other_methods_are_not_allowed(client: Client, job: Probe) -> None:
    assert client.delete(f"/heartbeat/{TOKEN}").status_code == 405


@pytest.mark.parametrize(
    ("url", "body", "name"),
    [
        (f"/heartbeat/{TOKEN}?worker=push", "", "push"),
        (f"/heartbeat/{TOKEN}/fail?worker=clean%0Aup", "{}", "clean up"),
        (f"/heartbeat/{TOKEN}", '{"worker": "exports"}', "exports"),
        (f"/heartbeat/{TOKEN}?worker=push", '{"worker": "exports"}', "exports"),
    ],
)
def test_one_of_several_workers_says_which_it_is(
    client: Client, api: Component, url: str, body: str, name: str
) -> None:
    make_probe(api, "workers", kind=ProbeKind.WORKERS, config={"max_age": "90s"}, token_hash=hash_token(TOKEN))
    assert client.post(url, body, content_type=JSON).status_code == 200
    assert WorkerHeartbeat.objects.get().worker == name


def test_one_of_several_workers_that_does_not_say_which_is_told_to(client: Client, api: Component) -> None:
    make_probe(api, "workers", kind=ProbeKind.WORKERS, config={"max_age": "90s"}, token_hash=hash_token(TOKEN))
    response = client.get(f"/heartbeat/{TOKEN}")
    assert response.status_code == 400
    assert "say which one it is" in response.json()["detail"]
