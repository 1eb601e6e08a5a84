"""What mail providers post, as events of ours. django-anymail reads their formats and checks who posts.

Its views are used for that alone and not as views: they would hand each event to a signal, and in this project nothing
happens by signal. Whether a bounce is for good they leave to the provider's own fields.
"""

import logging
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.webhooks.amazon_ses import AmazonSESTrackingWebhookView
from anymail.webhooks.base import AnymailBaseWebhookView
from anymail.webhooks.brevo import BrevoTrackingWebhookView
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.mailjet import MailjetTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from anymail.webhooks.sendgrid import SendGridTrackingWebhookView
from django.conf import settings
from django.http import HttpRequest

from statuspage.core.errors import NoToken, ValidationFailed
from subscriptions.bounces import Kind, MailEvent, kind_of_bounce

logger = logging.getLogger(__name__)

# Whatever a reader of somebody else's JSON trips over.
UNREADABLE = (AnymailError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError)


class _AmazonSes(AmazonSESTrackingWebhookView):  # type: ignore[misc]  # anymail has no types
    """Without Amazon's own client, which would only be needed to confirm the topic: that is a click in its console."""

    def __init__(self, **kwargs: Any) -> None:
        AnymailBaseWebhookView.__init__(self, **kwargs)

    def auto_confirm_sns_subscription(self, sns_message: Mapping[str, Any]) -> None:
        logger.warning("Amazon SNS waits to be confirmed. Open %s", sns_message.get("SubscribeURL"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """How one is read. `is_hard` sees the provider's fields of a bounce; `options` are anymail's, by our settings."""

    view: Callable[..., Any]
    is_hard: Callable[[Mapping[str, Any]], bool]
    options: Mapping[str, str] = field(default_factory=dict)


PROVIDERS: dict[str, Provider] = {
    "amazon_ses": Provider(view=_AmazonSes, is_hard=lambda said: said["bounce"]["bounceType"] == "Permanent"),
    "brevo": Provider(
        view=BrevoTrackingWebhookView, is_hard=lambda said: said["event"] in {"hard_bounce", "invalid_email"}
    ),
    "mailgun": Provider(
        view=MailgunTrackingWebhookView,
        is_hard=lambda said: said["event-data"]["severity"] == "permanent",
        options={"webhook_signing_key": "MAIL_EVENTS_SIGNING_KEY"},
    ),
    "mailjet": Provider(view=MailjetTrackingWebhookView, is_hard=lambda said: said.get("hard_bounce") is True),
    "postmark": Provider(
        view=PostmarkTrackingWebhookView,
        # The bounce itself, or that its address is from now on not sent to.
        is_hard=lambda said: "HardBounce" in {said.get("Type"), said.get("SuppressionReason")},
    ),
    "sendgrid": Provider(view=SendGridTrackingWebhookView, is_hard=lambda said: said.get("type") != "blocked"),
}
# What a provider did not even try to send, because of what it knows already.
REJECTED = {
    RejectReason.INVALID: Kind.HARD,
    RejectReason.BOUNCED: Kind.HARD,
    RejectReason.SPAM: Kind.COMPLAINT,
    RejectReason.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
}
OTHERS = {EventType.COMPLAINED: Kind.COMPLAINT, EventType.UNSUBSCRIBED: Kind.UNSUBSCRIBED}


def read_events(name: str, request: HttpRequest) -> list[MailEvent]:
    """What this provider tells us that matters; no query.

    Raises NoToken where the secret or the signature is not right; ValidationFailed for what is not its format.
    """
    provider = PROVIDERS[name]
    view = _view_of(provider)
    if settings.MAIL_EVENTS_SECRET and "Authorization" not in request.headers:
        raise NoToken("The secret of this page's mail provider is needed.")
    try:
        view.run_validators(request)
    except AnymailWebhookValidationFailure:
        raise NoToken("These are not the secrets of this page's mail provider.") from None
    except UNREADABLE as error:
        raise _unreadable(name, error) from None
    try:
        found = [_event(one, provider) for one in view.parse_events(request)]
    except UNREADABLE as error:
        raise _unreadable(name, error) from None
    return [event for event in found if event is not None]


def _view_of(provider: Provider) -> Any:
    secrets = [settings.MAIL_EVENTS_SECRET] if settings.MAIL_EVENTS_SECRET else []
    options = {name: getattr(settings, setting) for name, setting in provider.options.items()}
    with warnings.catch_warnings(action="ignore"):
        # That nobody at anymail has an account to test SendGrid with; our tests post its documented bodies.
        return provider.view(webhook_secret=secrets, **options)


def _unreadable(name: str, error: Exception) -> ValidationFailed:
    logger.warning("what came as an event of %s could not be read: %s", name, type(error).__name__)
    return ValidationFailed("body", f"This is not what {name} posts about mails.")


def _event(event: AnymailTrackingEvent, provider: Provider) -> MailEvent | None:
    """None: of no consequence, such as that a mail was delivered or opened."""
    words = " ".join(part for part in (event.mta_response, event.description) if isinstance(part, str) and part)
    kind = _kind(event, provider, words)
    if kind is None:
        return None
    message_id = event.message_id or ""
    if "mail" in event.esp_event:
        # Amazon's own id says nothing to us; ours is among the headers, if the topic sends these.
        message_id = event.esp_event["mail"].get("commonHeaders", {}).get("messageId", message_id)
    return MailEvent(
        kind=kind, address=str(event.recipient or ""), message_id=str(message_id), words=words, at=_moment(event)
    )


def _moment(event: AnymailTrackingEvent) -> datetime | None:
    """One without a zone is in UTC."""
    at = event.timestamp
    if not isinstance(at, datetime):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _kind(event: AnymailTrackingEvent, provider: Provider, words: str) -> Kind | None:
    if event.event_type == EventType.BOUNCED:
        return kind_of_bounce(words, is_hard=provider.is_hard(event.esp_event))
    if event.event_type == EventType.REJECTED:
        return REJECTED.get(event.reject_reason, Kind.NOTED)
    return OTHERS.get(event.event_type)
