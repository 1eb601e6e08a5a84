import json
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from components.models import Component, Group, Page
from statuspage.core import clock
from subscriptions import links
from subscriptions.enums import SubscriberState
from subscriptions.models import Subscriber, SubscriptionRequest
from subscriptions.services import accept_requests

FORM = "/subscribe/"
API = "/v1/status/subscribe"


@pytest.fixture(autouse=True)
def fresh_limits() -> None:
    cache.clear()


@pytest.fixture
def visitor() -> Client:
    """A browser that checks CSRF as a real one is checked, and must never be given a cookie."""
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def api(db: None) -> Component:
    Page.objects.update_or_create(pk=1, defaults={"name": "Example", "url": "https://status.example.com"})
    group = Group.objects.create(slug="platform", name="Platform", position=1)
    Component.objects.create(slug="web", name="Web application", position=2)
    return Component.objects.create(slug="api", name="API gateway", note="api.example.com", group=group, position=1)


@pytest.fixture
def ada(api: Component) -> Subscriber:
    yesterday = clock.now() - timedelta(days=1)
    return Subscriber.objects.create(
        address="ada@example.org", state=SubscriberState.CONFIRMED, confirmed_at=yesterday
    )


@pytest.fixture
def pending(api: Component) -> Subscriber:
    return Subscriber.objects.create(address="new@example.org")


def manage(subscriber: Subscriber) -> str:
    return links.manage_path(links.manage_token(subscriber))


def leave(subscriber: Subscriber) -> str:
    return links.unsubscribe_path(links.manage_token(subscriber))


def confirm(subscriber: Subscriber) -> str:
    return links.confirm_path(links.confirm_token(subscriber))


def state_of(subscriber: Subscriber) -> str:
    return Subscriber.objects.get(pk=subscriber.pk).state


def post_json(visitor: Client, body: object, **extra: str) -> tuple[int, dict[str, object]]:
    data = body if isinstance(body, (str, bytes)) else json.dumps(body)
    response = visitor.post(API, data, content_type="application/json", headers=extra or None)
    return response.status_code, response.json()


# --- the form


def test_the_form_offers_each_visible_component_under_its_group(visitor: Client, api: Component) -> None:
    Component.objects.create(slug="hidden", name="Hidden thing", is_visible=False)
    html = visitor.get(FORM).content.decode()
    assert html.index("Web application") < html.index("Platform") < html.index("API gateway")
    assert "api.example.com" in html
    assert "Hidden thing" not in html


def test_nobody_is_given_a_cookie(visitor: Client, ada: Subscriber, pending: Subscriber) -> None:
    for path in (FORM, "/subscribe/sent/", manage(ada), leave(ada), confirm(pending)):
        response = visitor.get(path)
        assert response.status_code == 200
        assert not response.cookies
        assert "Cookie" not in response.headers.get("Vary", "")


def test_subscribing_leads_to_a_page_that_says_what_comes_next(visitor: Client, api: Component) -> None:
    response = visitor.post(FORM, {"email": " Ada@Example.org ", "components": ["api", "web"]})
    assert (response.status_code, response["Location"]) == (303, "/subscribe/sent/")
    assert "Check your inbox" in visitor.get(response["Location"]).content.decode()
    accept_requests()
    row = Subscriber.objects.get()
    assert (row.address, row.state) == ("ada@example.org", SubscriberState.PENDING)
    assert {component.slug for component in row.components.all()} == {"api", "web"}


def test_known_and_unknown_addresses_get_the_same_answer(
    visitor: Client, ada: Subscriber, pending: Subscriber
) -> None:
    answers = [visitor.post(FORM, {"email": a}) for a in (ada.address, pending.address, "nobody@example.org")]
    assert len({(a.status_code, a["Location"], a.content) for a in answers}) == 1
    replies = [post_json(visitor, {"email": a}) for a in (ada.address, pending.address, "nobody@example.org")]
    assert replies == [(202, {"data": {"status": "pending_confirmation"}})] * 3


@pytest.mark.parametrize("typed", ["", "nonsense", "a@b,c@d", "a@example.org\r\nBcc: b@example.org", "x" * 500])
def test_a_wrong_address_is_said_beside_the_field_and_the_text_stays(
    visitor: Client, api: Component, typed: str
) -> None:
    response = visitor.post(FORM, {"email": typed, "components": ["api"]})
    html = response.content.decode()
    assert response.status_code == 400
    assert 'id="email-error"' in html
    assert re.search(r'value="api" checked', html)
    if typed.isalpha():
        assert f'value="{typed}"' in html
    assert not SubscriptionRequest.objects.exists()


def test_what_was_typed_is_escaped(visitor: Client, api: Component) -> None:
    html = visitor.post(FORM, {"email": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in html


def test_a_component_that_is_gone_is_said(visitor: Client, api: Component) -> None:
    response = visitor.post(FORM, {"email": "ada@example.org", "components": ["gone"]})
    assert response.status_code == 400
    assert "There is no component called" in response.content.decode()
    assert 'value="ada@example.org"' in response.content.decode()


def test_too_many_from_one_network_are_asked_to_wait(visitor: Client, api: Component) -> None:
    for number in range(20):
        assert visitor.post(FORM, {"email": f"r{number}@example.org"}).status_code == 303
    response = visitor.post(FORM, {"email": "ada@example.org"})
    assert (response.status_code, response["Retry-After"]) == (429, "3600")
    assert 'value="ada@example.org"' in response.content.decode()
    assert post_json(visitor, {"email": "ada@example.org"})[0] == 429


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Sec-Fetch-Site": "same-origin"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "null"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://testserver"}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_form_on_another_site_is_refused(
    visitor: Client, api: Component, headers: dict[str, str], status: int
) -> None:
    response = visitor.post(FORM, {"email": "ada@example.org"}, headers=headers)
    assert response.status_code == status
    assert SubscriptionRequest.objects.count() == (1 if status == 303 else 0)


# --- confirming


def test_opening_the_confirmation_link_changes_nothing(visitor: Client, pending: Subscriber) -> None:
    for method in (visitor.get, visitor.head):
        assert method(confirm(pending)).status_code == 200
    assert state_of(pending) == SubscriberState.PENDING


def test_the_confirmation_page_says_who_and_what(visitor: Client, pending: Subscriber, api: Component) -> None:
    pending.components.set([api])
    html = visitor.get(confirm(pending)).content.decode()
    assert "new@example.org" in html
    assert "Platform - API gateway" in html


def test_pressing_the_button_confirms_and_shows_the_choice(visitor: Client, pending: Subscriber) -> None:
    response = visitor.post(confirm(pending), follow=True)
    assert response.redirect_chain[0][1] == 303
    assert "You are subscribed" in response.content.decode()
    assert state_of(pending) == SubscriberState.CONFIRMED


# --- choosing


def test_the_manage_page_shows_the_choice_and_saves_a_new_one(
    visitor: Client, ada: Subscriber, api: Component
) -> None:
    ada.components.set([api])
    html = visitor.get(manage(ada)).content.decode()
    assert re.search(r'value="api" checked', html)
    assert re.search(r'value="web">', html)
    response = visitor.post(manage(ada), {"components": ["web"]}, follow=True)
    assert "Saved." in response.content.decode()
    assert [component.slug for component in ada.components.all()] == ["web"]


def test_an_unknown_component_changes_nothing_of_the_choice(visitor: Client, ada: Subscriber, api: Component) -> None:
    ada.components.set([api])
    response = visitor.post(manage(ada), {"components": ["gone"]})
    assert response.status_code == 400
    assert "There is no component called" in response.content.decode()
    assert list(ada.components.all()) == [api]


def test_secret_pages_are_kept_by_nobody(visitor: Client, ada: Subscriber, pending: Subscriber) -> None:
    for path in (manage(ada), leave(ada), confirm(pending), "/subscriptions/guessed/"):
        response = visitor.get(path)
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert "noindex" in response["X-Robots-Tag"]


# --- leaving


def test_opening_the_unsubscribe_link_changes_nothing(visitor: Client, ada: Subscriber) -> None:
    for method in (visitor.get, visitor.head):
        assert method(leave(ada)).status_code == 200
    assert state_of(ada) == SubscriberState.CONFIRMED


def test_a_mail_program_unsubscribes_with_one_post(visitor: Client, ada: Subscriber) -> None:
    response = visitor.post(
        leave(ada),
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert response.status_code == 200
    assert state_of(ada) == SubscriberState.UNSUBSCRIBED


def test_leaving_twice_says_the_same(visitor: Client, ada: Subscriber) -> None:
    path = leave(ada)
    for _ in range(2):
        response = visitor.post(path)
        assert response.status_code == 200
        assert "You are unsubscribed" in response.content.decode()
    assert "You are unsubscribed" in visitor.get(path).content.decode()


def test_after_leaving_the_manage_link_is_dead(visitor: Client, ada: Subscriber) -> None:
    path = manage(ada)
    visitor.post(leave(ada))
    for response in (visitor.get(path), visitor.post(path, {"components": ["api"]})):
        assert response.status_code == 404
        assert "This link does not work" in response.content.decode()
    assert not ada.components.exists()


@pytest.mark.parametrize("token", ["x", "a:b:c", "%00", "x" * 3000, "%F0%9F%92%A9", "eyJ:1:2"])
def test_a_guessed_link_is_a_plain_page_and_never_an_error(visitor: Client, api: Component, token: str) -> None:
    for path in (f"/subscriptions/{token}/", f"/subscriptions/{token}/unsubscribe/", f"/subscribe/confirm/{token}/"):
        assert visitor.get(path).status_code == 404
        assert visitor.post(path).status_code == 404


# --- the API


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
