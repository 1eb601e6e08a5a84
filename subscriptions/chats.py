"""Subscriptions of Slack, Microsoft Teams and Discord channels, by the URL of an incoming webhook.

The URL is the only key there is to a channel, and posting to it is the only proof that it is the right one: we post a
question with a link, and whoever reads it there confirms on our page. `services.accept_requests` does that for all
channels; this module knows what such a URL looks like. It is a secret and is never shown whole again.

Errors: `ValidationFailed` at `url`, `RateLimited`.
"""

import re
from collections.abc import Callable, Mapping

from django.conf import settings
from yarl import URL

from statuspage.core.errors import ValidationFailed
from statuspage.core.http.allowed import check_target
from subscriptions import services
from subscriptions.choices import Choice
from subscriptions.enums import Channel
from subscriptions.models import SubscriptionRequest

SLACK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
SLACK_PATH = re.compile(r"/services/[A-Z]\w{2,30}/[A-Z]\w{2,30}/\w{8,64}", re.ASCII)
DISCORD_HOSTS = frozenset({"discord.com", "discordapp.com", "canary.discord.com", "ptb.discord.com"})
DISCORD_PATH = re.compile(r"/api(?:/v\d{1,2})?/webhooks/(\d{5,25})/([\w-]{20,120})(?:/slack|/github)?", re.ASCII)
TEAMS_HOSTS = ("webhook.office.com", "logic.azure.com", "api.powerplatform.com")

NOT_SLACK = (
    "That is not the URL of an incoming webhook: Slack's reads like https://hooks.slack.com/services/T…/B…/…, copied"
    " whole."
)
A_WORKFLOW = (
    "That is the URL of a workflow, which wants messages of another shape: make an incoming webhook in Slack instead."
)
NOT_DISCORD = (
    "That is not the URL of a webhook: Discord's reads like https://discord.com/api/webhooks/…/…, copied whole."
)
NOT_TEAMS = (
    "That is not the URL of a webhook of Microsoft Teams: its host ends in logic.azure.com, api.powerplatform.com or"
    " webhook.office.com."
)


def subscribe(*, channel: Channel, url: object, choice: Choice, ip: str) -> SubscriptionRequest:
    """Write down that somebody wants messages in this channel. One query, whoever the URL belongs to."""
    address = normalise_url(channel, url)
    services.check_rate(ip)
    return SubscriptionRequest.objects.create(channel=channel, address=address, choice=choice.as_json())


def normalise_url(channel: Channel, text: object) -> str:
    """The URL in its one form, so that the same webhook is one subscriber. Raises ValidationFailed at `url`.

    A host of OUTBOUND_ALLOWED_HOSTS may stand for any of the services.
    """
    target = check_target(text, settings.OUTBOUND_ALLOWED_HOSTS)
    url = URL(target.url)
    if settings.OUTBOUND_ALLOWED_HOSTS.names(url):
        return target.url
    return CHECKS[channel](url)


def _slack(url: URL) -> str:
    """Slack's own, or a server that understands the same: Mattermost, Rocket.Chat and others, on any public host."""
    if url.host in SLACK_HOSTS:
        if url.path.startswith(("/triggers/", "/workflows/")):
            raise ValidationFailed("url", A_WORKFLOW)
        if not SLACK_PATH.fullmatch(url.path.rstrip("/")):
            raise ValidationFailed("url", NOT_SLACK)
        return str(url.with_query(None).with_path(url.path.rstrip("/")))
    if url.path.strip("/") == "":
        raise ValidationFailed("url", NOT_SLACK)
    return str(url)


def _discord(url: URL) -> str:
    found = DISCORD_PATH.fullmatch(url.path.rstrip("/")) if url.host in DISCORD_HOSTS else None
    if found is None:
        raise ValidationFailed("url", NOT_DISCORD)
    # A thread of a forum is another place; what else is in the query is not.
    thread = url.query.get("thread_id", "")
    plain = URL(f"https://discord.com/api/webhooks/{found[1]}/{found[2]}")
    return str(plain.with_query(thread_id=thread) if thread.isascii() and thread.isdigit() else plain)


def _teams(url: URL) -> str:
    if not (url.host or "").endswith(tuple(f".{host}" for host in TEAMS_HOSTS)) or url.path.strip("/") == "":
        raise ValidationFailed("url", NOT_TEAMS)
    return str(url)


CHECKS: Mapping[Channel, Callable[[URL], str]] = {
    Channel.SLACK: _slack,
    Channel.TEAMS: _teams,
    Channel.DISCORD: _discord,
}
