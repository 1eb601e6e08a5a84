"""Channels in Slack, Microsoft Teams and Discord: which URLs are taken, and how one is confirmed."""

from typing import Any

import pytest
from pytest_django import Settings

from components.models import Component, Page
from statuspage.core.errors import RateLimited, ValidationFailed
from statuspage.core.http.allowed import AllowList
from subscriptions import caps, chats, links, services
from subscriptions.choices import Choice, read_choice
from subscriptions.enums import Channel, Event, Purpose, SubscriberState
from subscriptions.models import Delivery, Subscriber, SubscriptionRequest

SLACK = "https://hooks.slack.com/services/T01ABCDEF/B01ABCDEF/abcdefghijklmnopqrstuvwx"
DISCORD = "https://discord.com/api/webhooks/123456789012345678/abcdefghijklmnopqrst-uvwxyz_0123456789"
TEAMS = "https://prod-12.westeurope.logic.azure.com:443/workflows/abc/triggers/manual/paths/invoke?api-version=1&sig=s"
ADA = "192.0.2.1"


@pytest.mark.parametrize(
    ("channel", "typed", "kept"),
    [
        (Channel.SLACK, SLACK, SLACK),
        (Channel.SLACK, f"  {SLACK}/?x=1#y ", SLACK),
        (Channel.SLACK, "https://chat.example.org/hooks/abc123", "https://chat.example.org/hooks/abc123"),
        (Channel.SLACK, "https://rocket.example.org/hooks/id/token", "https://rocket.example.org/hooks/id/token"),
        (Channel.DISCORD, DISCORD, DISCORD),
        (Channel.DISCORD, DISCORD.replace("discord.com", "discordapp.com"), DISCORD),
        (Channel.DISCORD, DISCORD.replace("discord.com/api", "ptb.discord.com/api/v10"), DISCORD),
        (Channel.DISCORD, f"{DISCORD}/slack", DISCORD),
        (Channel.DISCORD, f"{DISCORD}?wait=true&thread_id=42", f"{DISCORD}?thread_id=42"),
        (Channel.TEAMS, TEAMS, TEAMS.replace(":443", "")),
        (Channel.TEAMS, "https://acme.webhook.office.com/webhookb2/a@b/IncomingWebhook/c/d", None),
        (Channel.TEAMS, "https://default1.2.environment.api.powerplatform.com/powerautomate/x?sig=1", None),
    ],
)
def test_a_webhook_has_one_form_of_its_url(channel: Channel, typed: str, kept: str | None) -> None:
    assert chats.normalise_url(channel, typed) == (kept or typed)


@pytest.mark.parametrize(
    ("channel", "typed"),
    [
        (Channel.SLACK, "https://hooks.slack.com/services/"),
        (Channel.SLACK, "https://hooks.slack.com/services/T01ABCDEF/B01ABCDEF"),
        (Channel.SLACK, "https://hooks.slack.com/triggers/T01ABCDEF/1/abc"),
        (Channel.SLACK, "https://hooks.slack.com/workflows/T01ABCDEF/A1/1/abc"),
        (Channel.SLACK, SLACK.replace("https", "http")),
        (Channel.SLACK, "https://chat.example.org/"),
        (Channel.SLACK, "https://127.0.0.1/hooks/a"),
        (Channel.SLACK, "https://chat.internal/hooks/a"),
        (Channel.SLACK, "https://user:pass@chat.example.org/hooks/a"),
        (Channel.SLACK, ""),
        (Channel.SLACK, None),
        (Channel.SLACK, "xoxb-1-2-3"),
        (Channel.DISCORD, SLACK),
        (Channel.DISCORD, "https://discord.com/channels/1/2"),
        (
            Channel.DISCORD,
            "https://discord.com.example.org/api/webhooks/123456789012345678/abcdefghijklmnopqrstuvwxyz",
        ),
        (Channel.DISCORD, "https://discord.gg/abc"),
        (Channel.TEAMS, "https://logic.azure.com.example.org/workflows/x"),
        (Channel.TEAMS, "https://notlogic.azure.com/workflows/x"),
        (Channel.TEAMS, "https://teams.microsoft.com/l/channel/19"),
        (Channel.TEAMS, "https://prod-1.westeurope.logic.azure.com/"),
    ],
)
def test_what_is_no_such_webhook_is_refused_at_its_field(channel: Channel, typed: object) -> None:
    with pytest.raises(ValidationFailed) as refused:
        chats.normalise_url(channel, typed)
    assert refused.value.field == "url"
    # It may be a secret of theirs all the same.
    assert "abcdefghij" not in refused.value.sentence


@pytest.mark.parametrize("channel", [Channel.SLACK, Channel.TEAMS, Channel.DISCORD])
def test_hosts_that_the_operator_opened_may_stand_for_any_service(channel: Channel, settings: Settings) -> None:
    url = "http://10.1.2.3:8065/hooks/abc"
    with pytest.raises(ValidationFailed):
        chats.normalise_url(channel, url)
    settings.OUTBOUND_ALLOWED_HOSTS = AllowList.read(["10.0.0.0/8"])
    assert chats.normalise_url(channel, url) == url


def ask(url: str = SLACK, channel: Channel = Channel.SLACK, **choice: Any) -> Subscriber:
    chats.subscribe(channel=channel, url=url, choice=read_choice(**choice), ip=ADA)
    services.accept_requests()
    return Subscriber.objects.get(channel=channel)


def letters() -> list[str]:
    return list(Delivery.objects.order_by("pk").values_list("purpose", flat=True))


def test_the_channel_itself_is_asked_and_nothing_is_mailed(api: Component) -> None:
    subscriber = ask(components=["api"])
    assert subscriber.state == SubscriberState.PENDING
    assert list(subscriber.components.all()) == [api]
    delivery = Delivery.objects.get()
    assert (delivery.channel, delivery.host, delivery.purpose) == ("slack", "hooks.slack.com", "confirmation")


def test_confirming_says_in_the_channel_that_it_is_subscribed(page: Page) -> None:
    subscriber = ask()
    Delivery.objects.update(state="sent")
    services.confirm(token=links.confirm_token(subscriber))
    subscriber.refresh_from_db()
    assert subscriber.is_confirmed
    assert letters() == [Purpose.CONFIRMATION, Purpose.REMINDER]
    assert Delivery.objects.latest("pk").channel == Channel.SLACK
    services.confirm(token=links.confirm_token(subscriber))
    assert len(letters()) == 2


def test_asking_again_is_the_same_for_who_asks_and_changes_nothing(page: Page, django_assert_num_queries: Any) -> None:
    subscriber = ask()
    services.confirm(token=links.confirm_token(subscriber))
    Delivery.objects.all().delete()
    with django_assert_num_queries(1):
        known = chats.subscribe(channel=Channel.SLACK, url=SLACK, choice=Choice(), ip=ADA)
    with django_assert_num_queries(1):
        unknown = chats.subscribe(channel=Channel.SLACK, url=SLACK[:-1] + "y", choice=Choice(), ip=ADA)
    assert (known.pk is None) == (unknown.pk is None)
    services.accept_requests()
    assert set(letters()) == {Purpose.REMINDER, Purpose.CONFIRMATION}
    assert SubscriptionRequest.objects.count() == 0


def test_one_channel_is_not_filled_by_strangers(page: Page) -> None:
    for _ in range(6):
        ask()
        Delivery.objects.update(state="sent")
    assert letters() == [Purpose.CONFIRMATION] * caps.LETTERS_AN_ADDRESS


def test_a_server_is_not_flooded_with_urls_that_somebody_makes_up(page: Page) -> None:
    for number in range(caps.LETTERS_A_HOST + 5):
        url = f"https://chat.example.org/hooks/{number}"
        SubscriptionRequest.objects.create(channel=Channel.SLACK, address=url, choice=Choice().as_json())
    services.accept_requests()
    assert Delivery.objects.count() == caps.LETTERS_A_HOST


def test_everybody_is_at_slack_so_that_host_has_no_such_limit(page: Page) -> None:
    for number in range(caps.LETTERS_A_HOST + 5):
        SubscriptionRequest.objects.create(
            channel=Channel.SLACK, address=f"{SLACK}{number}", choice=Choice().as_json()
        )
    services.accept_requests()
    assert Delivery.objects.count() == caps.LETTERS_A_HOST + 5


def test_one_network_asks_so_often_and_not_more(page: Page) -> None:
    for number in range(services.REQUESTS_AN_IP):
        chats.subscribe(channel=Channel.SLACK, url=f"{SLACK}{number}", choice=Choice(), ip="192.0.2.77")
    with pytest.raises(RateLimited):
        chats.subscribe(channel=Channel.SLACK, url=SLACK, choice=Choice(), ip="192.0.2.77")


def test_a_channel_that_was_stopped_comes_back_by_asking_and_confirming(page: Page) -> None:
    subscriber = ask()
    services.confirm(token=links.confirm_token(subscriber))
    Delivery.objects.all().delete()
    Subscriber.objects.update(state=SubscriberState.QUARANTINED, failing_since="2026-01-01T00:00:00Z")
    ask()
    assert letters() == [Purpose.CONFIRMATION]
    services.confirm(token=links.confirm_token(Subscriber.objects.get()))
    back = Subscriber.objects.get()
    assert back.is_confirmed
    assert back.failing_since is None


def test_whoever_asks_for_a_channel_that_was_stopped_does_not_change_its_choice(page: Page) -> None:
    subscriber = ask()
    services.confirm(token=links.confirm_token(subscriber))
    Subscriber.objects.update(state=SubscriberState.QUARANTINED, failing_since="2026-01-01T00:00:00Z")
    chats.subscribe(channel=Channel.SLACK, url=SLACK, choice=read_choice(events=[Event.REPORTS]), ip=ADA)
    services.accept_requests()
    kept = Subscriber.objects.get()
    assert (kept.wants_incidents, kept.wants_reports) == (True, False)
