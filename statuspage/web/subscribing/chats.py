"""Subscribing a channel of Slack, Microsoft Teams or Discord, for people.

As in `views` there is no cookie and so no CSRF token. The URL that is pasted is the key to somebody's channel: it is
taken once, and no page of ours has it again, not even the form that refuses it.
"""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from statuspage.core.client_address import client_ip
from statuspage.core.errors import DomainError, NotFound, RateLimited, ValidationFailed
from statuspage.web.selectors import site_info
from statuspage.web.subscribing.forms import Typed, choice_form, typed_in
from statuspage.web.subscribing.views import FROM_ELSEWHERE, comes_from_elsewhere, page, see_other
from subscriptions import chats, links
from subscriptions.enums import Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One kind of chat: what it is called, where in it a URL is to be had, and what is posted."""

    channel: Channel
    name: str
    placeholder: str
    steps: tuple[str, ...]
    gets: str
    others: str = ""


SERVICES = {
    service.channel.value: service
    for service in (
        Service(
            channel=Channel.SLACK,
            name="Slack",
            placeholder="https://hooks.slack.com/services/…",
            steps=(
                "At api.slack.com/apps, choose Create New App, then From scratch. An app you have will do as well.",
                "Open Incoming Webhooks and switch it on.",
                "Press Add New Webhook, choose the channel and allow it.",
                "Copy the Webhook URL.",
            ),
            gets="A message when something breaks, a short one for each update, and one when it is over.",
            others=(
                "Mattermost, Rocket.Chat and other servers that understand Slack’s messages: make an incoming webhook "
                "in their integrations and paste its URL here."
            ),
        ),
        Service(
            channel=Channel.TEAMS,
            name="Microsoft Teams",
            placeholder="https://….logic.azure.com/workflows/…",
            steps=(
                "Beside the channel’s name, open ⋯ and choose Workflows.",
                "Search for “webhook” and choose Send webhook alerts to a channel.",
                "Name it, press Next, check the team and the channel, and press Add workflow.",
                "Copy the URL it shows.",
            ),
            gets="A card when something breaks, one for each update, and one when it is over.",
            others="The URL of an older connector, at webhook.office.com, works as long as Microsoft keeps it.",
        ),
        Service(
            channel=Channel.DISCORD,
            name="Discord",
            placeholder="https://discord.com/api/webhooks/…",
            steps=(
                "Beside the channel’s name, open its settings (the cog wheel).",
                "Choose Integrations, then Webhooks.",
                "Press New Webhook, open it, and press Copy Webhook URL.",
            ),
            gets=(
                "A message when something breaks, which is kept up to date, a short one for each update, and one when "
                "it is over."
            ),
        ),
    )
}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest, service: str) -> HttpResponse:
    """The form of one service; a mistake is said beside its field, and what was chosen stays."""
    chosen = _service(service)
    if request.method != "POST":
        return _form(request, chosen, Typed())
    typed = typed_in(request.POST)
    if comes_from_elsewhere(request):
        return _form(request, chosen, typed, status=403, error=FROM_ELSEWHERE)
    url = request.POST.get("url", "")
    try:
        chats.subscribe(channel=chosen.channel, url=url, choice=typed.read(), ip=client_ip(request))
    except (ValidationFailed, RateLimited) as error:
        response = _form(request, chosen, typed, status=error.http_status, error=error)
        if isinstance(error, RateLimited):
            response["Retry-After"] = str(error.retry_after_seconds)
        return response
    return see_other(f"/subscribe/{service}/sent/")


@require_safe
def sent(request: HttpRequest, service: str) -> HttpResponse:
    """The same page for a URL that we know and for one that we do not."""
    context = {"service": _service(service), "days": links.CONFIRMATION_LIFETIME.days}
    return page(request, "subscriptions/chat_sent.html", context)


def _service(slug: str) -> Service:
    if slug not in SERVICES:
        raise NotFound("There is no such way to subscribe.")
    return SERVICES[slug]


def _form(
    request: HttpRequest, service: Service, typed: Typed, *, status: int = 200, error: DomainError | str = ""
) -> HttpResponse:
    site = site_info()
    is_of_url = isinstance(error, ValidationFailed) and error.field == "url"
    context = {
        "site": site,
        "service": service,
        "form": choice_form(typed, page_zone=site.time_zone, error="" if is_of_url else error),
        "url_error": str(error) if is_of_url else "",
        "was_typed": request.method == "POST",
    }
    return page(request, "subscriptions/chat.html", context, status=status)
