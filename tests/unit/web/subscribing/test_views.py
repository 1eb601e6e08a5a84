import re

import pytest
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component
from incidents import services as incidents
from incidents.models import Incident
from statuspage.web.documents import render_document
from subscriptions.enums import Event, SubscriberState
from subscriptions.models import Subscriber, SubscriptionRequest
from subscriptions.services import accept_requests
from tests.unit.web.subscribing.paths import FORM, confirm, leave, manage, post_json


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


# --- the choice


CHOICE = {
    "email": "ada@example.org",
    "choosing": "1",
    "events": ["incidents", "reports"],
    "updates": "ends",
    "minimum_severity": "major",
    "components": ["web"],
    "groups": ["platform"],
    "time_zone": "Asia/Kathmandu",
    "language": "de",
}


def test_what_is_chosen_is_what_the_subscriber_gets(visitor: Client, api: Component) -> None:
    assert visitor.post(FORM, CHOICE).status_code == 303
    accept_requests()
    row = Subscriber.objects.get()
    assert [event for event in Event if getattr(row, f"wants_{event.value}")] == [Event.INCIDENTS, Event.REPORTS]
    assert (row.wants_updates, row.time_zone, row.language) == (False, "Asia/Kathmandu", "de")
    assert row.minimum_severity is not None
    assert row.minimum_severity.slug == "major"
    assert [group.slug for group in row.groups.all()] == ["platform"]
    assert {component.slug for component in row.components.all()} == {"web", "api"}


def test_the_choice_is_folded_away_until_somebody_chooses(visitor: Client, api: Component) -> None:
    assert '<details class="more-choice">' in visitor.get(FORM).content.decode()
    html = visitor.post(FORM, {**CHOICE, "email": "nonsense"}).content.decode()
    assert '<details class="more-choice" open>' in html
    for kept in ('value="reports" checked', 'value="ends" checked', 'value="web" checked', 'value="platform" checked'):
        assert kept in html
    for kept in ('value="major" selected', 'value="Asia/Kathmandu" selected', 'value="de" selected'):
        assert kept in html


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"events": []}, "Choose at least one"),
        ({"events": ["parties"]}, "nothing of that kind"),
        ({"minimum_severity": "nope"}, "There is no severity called"),
        ({"components": ["nope"]}, "There is no component called"),
        ({"groups": ["nope"]}, "There is no group called"),
        ({"time_zone": "Mars/Olympus"}, "There is no time zone called"),
        ({"time_zone": "x\x00"}, "There is no time zone called"),
        ({"language": "tlh"}, "There are no mails in"),
    ],
)
def test_a_wrong_choice_is_said_at_its_field_which_has_the_focus(
    visitor: Client, api: Component, typed: dict[str, object], says: str
) -> None:
    response = visitor.post(FORM, {**CHOICE, **typed})
    html = response.content.decode()
    assert response.status_code == 400
    assert html.count('role="alert"') == 1
    assert says in html
    assert html.count("autofocus") == 1
    # Where it is can be seen.
    assert html.index('more-choice" open') < html.index(says)
    assert not SubscriptionRequest.objects.exists()


def test_the_least_severity_offers_the_ladder_but_not_its_last_rung(visitor: Client, api: Component) -> None:
    html = visitor.get(FORM).content.decode()
    offered = re.search(r'<select id="minimum_severity".*?</select>', html, re.DOTALL)
    assert offered is not None
    assert re.findall(r">([^<]+)</option>", offered[0]) == ["Any incident", "Major and worse", "Critical only"]


# --- one incident


@pytest.fixture
def outage(api: Component) -> Incident:
    return incidents.open_incident(
        title="API errors", severity="critical", message="We look.", impacts={api: ComponentStatus.PARTIAL_OUTAGE}
    )


def follow(incident: Incident) -> str:
    return f"/subscribe/incident/{incident.reference}/"


@pytest.mark.parametrize(("ticked", "updates"), [({}, False), ({"updates": "1"}, True)])
def test_following_one_incident_asks_for_that_and_nothing_else(
    visitor: Client, outage: Incident, ticked: dict[str, str], updates: bool
) -> None:
    response = visitor.post(follow(outage), {"email": "ada@example.org", **ticked})
    assert (response.status_code, response["Location"]) == (303, "/subscribe/sent/")
    assert not response.cookies
    accept_requests()
    row = Subscriber.objects.get()
    assert row.state == SubscriberState.PENDING
    assert row.only_follows
    assert row.wants_updates is updates
    assert list(row.follows.all()) == [outage]


def test_the_form_by_itself_says_mistakes_and_keeps_what_was_typed(visitor: Client, outage: Incident) -> None:
    assert "API errors" in visitor.get(follow(outage)).content.decode()
    response = visitor.post(follow(outage), {"email": "nonsense", "updates": "1"})
    html = response.content.decode()
    assert response.status_code == 400
    assert 'id="email-error"' in html
    assert 'value="nonsense"' in html
    assert 'value="1" checked' in html
    assert not SubscriptionRequest.objects.exists()


def test_another_site_cannot_post_it(visitor: Client, outage: Incident) -> None:
    headers = {"Sec-Fetch-Site": "cross-site"}
    assert visitor.post(follow(outage), {"email": "ada@example.org"}, headers=headers).status_code == 403
    assert not SubscriptionRequest.objects.exists()


def test_following_is_counted_like_any_other_request(visitor: Client, outage: Incident) -> None:
    for number in range(20):
        assert visitor.post(follow(outage), {"email": f"r{number}@example.org"}).status_code == 303
    response = visitor.post(follow(outage), {"email": "ada@example.org"})
    assert (response.status_code, response["Retry-After"]) == (429, "3600")


def test_of_an_incident_that_is_over_the_page_says_so(visitor: Client, outage: Incident) -> None:
    incidents.resolve_incident(incident=outage, message="Done.")
    for response in (visitor.get(follow(outage)), visitor.post(follow(outage), {"email": "ada@example.org"})):
        assert "This is over" in response.content.decode()
    assert not SubscriptionRequest.objects.exists()


def test_a_private_incident_is_named_by_its_severity(visitor: Client, api: Component) -> None:
    secret = incidents.open_incident(
        title="Breach at Acme", severity="critical", message="x", private=True, impacts={}
    )
    html = visitor.get(follow(secret)).content.decode()
    assert "Breach" not in html
    assert "Critical incident" in html


@pytest.mark.parametrize("reference", ["INC-0000-0000", "x" * 300, "%00", "%F0%9F%92%A9"])
def test_an_incident_that_is_not_there_is_a_plain_page(visitor: Client, api: Component, reference: str) -> None:
    assert visitor.get(f"/subscribe/incident/{reference}/").status_code == 404
    assert visitor.post(f"/subscribe/incident/{reference}/", {"email": "ada@example.org"}).status_code == 404


def test_the_page_of_an_incident_has_the_form_as_long_as_it_runs(api: Component, outage: Incident) -> None:
    def html() -> str:
        # The document itself, as every visitor gets it.
        document = render_document(outage.get_absolute_url())
        assert document is not None
        return document.body.decode()

    assert f'method="post" action="{follow(outage)}"' in html()
    incidents.resolve_incident(incident=outage, message="Done.")
    assert follow(outage) not in html()


@pytest.mark.parametrize("channel", ["email", "webhook", "slack", "teams", "discord"])
def test_each_channel_s_page_leads_to_the_others_and_not_to_itself(
    channel: str, visitor: Client, api: Component
) -> None:
    pages = {name: f"/subscribe/{name}/" for name in ("webhook", "slack", "teams", "discord")} | {"email": FORM}
    html = visitor.get(pages[channel]).content.decode()
    ways = html[html.index('<section class="ways">') :].partition("</section>")[0]
    offered = {name for name, path in pages.items() if f'<li><a href="{path}">' in ways}
    assert offered == set(pages) - {channel}
