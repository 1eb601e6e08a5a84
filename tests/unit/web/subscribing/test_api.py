import pytest
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component
from incidents import services as incidents
from subscriptions.models import Subscriber, SubscriptionRequest
from subscriptions.services import accept_requests
from tests.unit.web.subscribing.paths import API, post_json


def test_a_program_subscribes_with_components_and_events(visitor: Client, api: Component) -> None:
    body = {"email": "ada@example.org", "components": ["api"], "events": ["incidents", "postmortems"]}
    assert post_json(visitor, body) == (202, {"data": {"status": "pending_confirmation"}})
    accept_requests()
    row = Subscriber.objects.get()
    assert list(row.components.all()) == [api]
    assert (row.wants_incidents, row.wants_maintenance, row.wants_postmortems) == (True, False, True)


def test_no_events_means_what_most_people_want(visitor: Client, api: Component) -> None:
    post_json(visitor, {"email": "ada@example.org"})
    assert SubscriptionRequest.objects.get().choice["events"] == ["incidents", "maintenance", "postmortems"]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"email": "ada@example.org", "components": ["nope"]}, "'nope'"),
        ({"email": "ada@example.org", "components": "api"}, "components must be a list"),
        ({"email": "ada@example.org", "components": [1]}, "components must be a list"),
        ({"email": "ada@example.org", "components": None}, "components must be a list"),
        ({"email": "ada@example.org", "components": ["\u0000"]}, "no component"),
        ({"email": "ada@example.org", "components": ["\ud800"]}, "no component"),
        (
            {"email": "ada@example.org", "events": ["parties"]},
            "incidents, maintenance, postmortems, components, reports",
        ),
        ({"email": "ada@example.org", "events": [[]]}, "events must be"),
        ({"email": "ada@example.org", "surprise": 1}, "'surprise'"),
        ({"email": "ada@example.org", "groups": ["nope"]}, "no group called"),
        ({"email": "ada@example.org", "groups": "platform"}, "groups must be a list"),
        ({"email": "ada@example.org", "updates": "yes"}, "updates must be true"),
        ({"email": "ada@example.org", "updates": 1}, "updates must be true"),
        ({"email": "ada@example.org", "minimumSeverity": "nope"}, "no severity called"),
        ({"email": "ada@example.org", "minimumSeverity": None}, "minimumSeverity must be"),
        ({"email": "ada@example.org", "timeZone": "Mars/Olympus"}, "no time zone"),
        ({"email": "ada@example.org", "timeZone": "\u0000"}, "no time zone"),
        ({"email": "ada@example.org", "language": "tlh"}, "no mails in"),
        ({"email": "ada@example.org", "language": ["en"]}, "language must be"),
        ({"email": "ada@example.org", "incident": "nope"}, "no incident"),
        ({"email": "ada@example.org", "incident": "\u0000" * 50}, "no incident"),
        ({"email": "ada@example.org", "incident": 1}, "incident must be"),
        ({"email": "a@b,c@d"}, "One address"),
        ({"email": ["ada@example.org"]}, "as text"),
        ({"email": "\ud800@example.org"}, "characters"),
        ({}, "as text"),
        ([], "JSON object"),
        ("", "JSON object"),
        ("null", "JSON object"),
        ("{", "JSON object"),
        (b"\xff\xfe", "JSON object"),
        ("[" * 19_000, "JSON object"),
        ('{"email": ' + "9" * 10_000 + "}", "JSON object"),
    ],
)
def test_a_wrong_request_is_a_problem_with_a_sentence(
    visitor: Client, api: Component, body: object, says: str
) -> None:
    status, problem = post_json(visitor, body)
    assert status == 400
    assert problem["status"] == 400
    assert says.lower() in str(problem["detail"]).lower()
    assert not SubscriptionRequest.objects.exists()


def test_a_long_body_is_refused_unread(visitor: Client, api: Component) -> None:
    response = visitor.post(API, "x" * 10_000_000, content_type="application/json")
    assert response.status_code == 413
    assert response["Content-Type"] == "application/problem+json"


def test_a_length_that_is_none_is_a_mistake_of_theirs(visitor: Client, api: Component) -> None:
    response = visitor.post(API, "{}", content_type="application/json", CONTENT_LENGTH="abc")
    assert response.status_code == 400


def test_other_sites_may_use_the_api(visitor: Client, api: Component) -> None:
    asked = visitor.options(API, headers={"Origin": "https://www.example.com"})
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Origin"] == "*"
    assert "POST" in asked["Access-Control-Allow-Methods"]
    for response in (
        visitor.post(API, '{"email": "ada@example.org"}', content_type="application/json"),
        visitor.post(API, "{}", content_type="application/json"),
        visitor.get(API),
    ):
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["Cache-Control"] == "no-store"


def test_reading_is_not_what_this_address_is_for(visitor: Client, api: Component) -> None:
    response = visitor.get(API)
    assert (response.status_code, response["Allow"]) == (405, "POST, OPTIONS")
    assert response["Content-Type"] == "application/problem+json"


def test_a_program_chooses_all_that_a_reader_can(visitor: Client, api: Component) -> None:
    body = {
        "email": "ada@example.org",
        "groups": ["platform"],
        "events": ["components", "reports"],
        "updates": False,
        "minimumSeverity": "major",
        "timeZone": "Asia/Tokyo",
        "language": "fr",
    }
    assert post_json(visitor, body)[0] == 202
    accept_requests()
    row = Subscriber.objects.select_related("minimum_severity").get()
    assert (row.wants_components, row.wants_reports, row.wants_incidents, row.wants_updates) == (
        True,
        True,
        False,
        False,
    )
    assert list(row.components.all()) == [api]
    assert list(row.groups.all()) == [api.group]
    assert row.minimum_severity is not None
    assert (row.minimum_severity.slug, row.time_zone, row.language) == ("major", "Asia/Tokyo", "fr")


def test_a_program_follows_one_incident_alone_or_beside_the_rest(visitor: Client, api: Component) -> None:
    outage = incidents.open_incident(
        title="API errors", severity="critical", message="x", impacts={api: ComponentStatus.PARTIAL_OUTAGE}
    )
    assert post_json(visitor, {"email": "ada@example.org", "incident": outage.reference})[0] == 202
    both = {"email": "bob@example.org", "incident": outage.reference, "events": ["incidents"], "updates": True}
    assert post_json(visitor, both)[0] == 202
    accept_requests()
    ada, bob = Subscriber.objects.order_by("address")
    assert (ada.only_follows, ada.wants_updates) == (True, False)
    assert (bob.only_follows, bob.wants_incidents, bob.wants_updates) == (False, True, True)
    assert list(ada.follows.all()) == list(bob.follows.all()) == [outage]
    incidents.resolve_incident(incident=outage, message="Done.")
    status, problem = post_json(visitor, {"email": "eve@example.org", "incident": outage.reference})
    assert (status, "is over" in str(problem["detail"])) == (400, True)
