"""Subscribing a channel of Slack, Microsoft Teams or Discord."""

import re

import pytest
from django.test import Client

from components.models import Component
from subscriptions import links
from subscriptions.enums import Channel, SubscriberState
from subscriptions.models import Delivery, Subscriber, SubscriptionRequest
from subscriptions.services import accept_requests
from tests.chat_messages import URLS
from tests.unit.web.subscribing.paths import FORM, confirm, post_json

SLACK = "/subscribe/slack/"
URL = URLS[Channel.SLACK]


@pytest.mark.parametrize("channel", ["slack", "teams", "discord"])
def test_each_service_has_a_page_that_says_where_to_get_a_url(visitor: Client, api: Component, channel: str) -> None:
    response = visitor.get(f"/subscribe/{channel}/")
    html = response.content.decode()
    assert response.status_code == 200
    assert html.count("<li>") >= 3
    assert 'type="url"' in html
    assert not response.cookies
    assert f'href="/subscribe/{channel}/"' in visitor.get(FORM).content.decode()


@pytest.mark.parametrize("channel", [Channel.SLACK, Channel.TEAMS, Channel.DISCORD])
def test_a_url_is_taken_and_the_channel_is_asked(visitor: Client, api: Component, channel: Channel) -> None:
    typed = {"url": URLS[channel], "choosing": "1", "events": ["incidents"], "components": ["api"]}
    response = visitor.post(f"/subscribe/{channel}/", typed)
    assert (response.status_code, response["Location"]) == (303, f"/subscribe/{channel}/sent/")
    assert "Look into your channel" in visitor.get(response["Location"]).content.decode()
    accept_requests()
    subscriber = Subscriber.objects.get()
    assert (subscriber.channel, subscriber.state) == (channel, SubscriberState.PENDING)
    assert not subscriber.wants_maintenance
    assert Delivery.objects.get().channel == channel


def test_the_answer_is_the_same_for_a_known_and_an_unknown_url(visitor: Client, api: Component) -> None:
    Subscriber.objects.create(
        channel=Channel.SLACK, address=URL, state=SubscriberState.CONFIRMED, confirmed_at="2026-01-01T00:00:00Z"
    )
    answers = [visitor.post(SLACK, {"url": url}) for url in (URL, URL[:-1] + "x")]
    assert len({(answer.status_code, answer["Location"], answer.content) for answer in answers}) == 1


@pytest.mark.parametrize(
    "typed", ["", "nonsense", "https://discord.com/x", URL.replace("https", "http"), URL + "/x y"]
)
def test_a_wrong_url_is_said_beside_its_field_and_is_not_shown_again(
    visitor: Client, api: Component, typed: str
) -> None:
    if typed == "https://discord.com/x":
        response = visitor.post("/subscribe/discord/", {"url": typed, "components": ["api"]})
    else:
        response = visitor.post(SLACK, {"url": typed, "components": ["api"]})
    html = response.content.decode()
    assert response.status_code == 400
    assert 'id="url-error"' in html
    assert re.search(r'value="api" checked', html)
    assert "secretsecret" not in html
    assert not SubscriptionRequest.objects.exists()


def test_another_site_cannot_send_the_form(visitor: Client, api: Component) -> None:
    response = visitor.post(SLACK, {"url": URL}, headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 403
    assert not SubscriptionRequest.objects.exists()


def test_the_pages_of_a_channel_never_show_its_url(visitor: Client, api: Component) -> None:
    visitor.post(SLACK, {"url": URL})
    accept_requests()
    subscriber = Subscriber.objects.get()
    asked = visitor.get(confirm(subscriber))
    assert "hooks.slack.com/…" in asked.content.decode()
    done = visitor.post(confirm(subscriber), follow=True)
    assert done.status_code == 200
    data = visitor.get(f"{links.manage_path(links.manage_token(subscriber))}data.json")
    for response in (asked, done, data):
        assert URL not in response.content.decode()


def test_looking_at_the_link_confirms_nothing(visitor: Client, api: Component) -> None:
    visitor.post(SLACK, {"url": URL})
    accept_requests()
    visitor.get(confirm(Subscriber.objects.get()))
    assert Subscriber.objects.get().state == SubscriberState.PENDING


def test_programs_subscribe_a_channel_too(visitor: Client, api: Component) -> None:
    pending = (202, {"data": {"status": "pending_confirmation"}})
    assert post_json(visitor, {"channel": "discord", "url": URLS[Channel.DISCORD], "components": ["api"]}) == pending
    assert SubscriptionRequest.objects.get().channel == Channel.DISCORD
    for wrong in ({"channel": "slack"}, {"channel": "slack", "url": 7}, {"channel": "apprise", "url": "X"}):
        assert post_json(visitor, wrong)[0] == 400
