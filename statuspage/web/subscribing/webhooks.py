"""Webhooks, for people: subscribing one, and its own page by token.

/subscribe/webhook/                        the form, and how to receive and verify
/subscriptions/<token>/webhook/            secret, test and last deliveries
/subscriptions/<token>/webhook/secret/     make a secret; it is in this answer and never again
/subscriptions/<token>/webhook/test/       send a test
/subscriptions/<token>/webhook/again/      send a `delivery` again
/subscriptions/<token>/webhook/start/      out of the quarantine

As in `views` and `managing`: no cookie, so no CSRF token; nothing is changed by GET.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.enums import NoticeKind
from statuspage.core.client_address import client_ip
from statuspage.core.errors import Conflict, DomainError, NotFound, RateLimited, ValidationFailed
from statuspage.web.selectors import site_info
from statuspage.web.subscribing.forms import LONGEST_ADDRESS, Typed, choice_form, typed_in
from statuspage.web.subscribing.managing import token_page
from statuspage.web.subscribing.views import FROM_ELSEWHERE, comes_from_elsewhere, page, see_other
from subscriptions import links, webhooks
from subscriptions.describing import shown_address
from subscriptions.enums import DeliveryState, Purpose, SubscriberState
from subscriptions.hooks.webhook import message_id
from subscriptions.models import Delivery, Subscriber

OWN_FIELDS = ("url", "contact_email")
MOST_DIGITS = 18
USUAL = Typed(events=frozenset(event.value for event in webhooks.DEFAULT_EVENTS_OF_WEBHOOKS))
DONE = {
    "confirmed": "The webhook is subscribed. Make a secret, to be able to check that messages come from us.",
    "test": "A test is on its way. In a few seconds it is in the list below: reload this page.",
    "again": "It is on its way again, with the same webhook-id.",
    "start": "Started again: the webhook gets what happens from now on. What it missed can be sent again below.",
}
LETTERS = {Purpose.CONFIRMATION: "Challenge", Purpose.TEST: "Test"}
TYPES = {Purpose.CONFIRMATION: "subscription.challenge", Purpose.TEST: "test"}
CSS = {DeliveryState.SENT: "ok", DeliveryState.FAILED: "down", DeliveryState.SUPPRESSED: "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of the list. Times are in the reader's zone; `due_at` only while it waits."""

    key: int
    label: str
    type: str
    about: str
    state: str
    css: str
    status_code: int | None
    tries: str
    error: str
    written_at: datetime
    sent_at: datetime | None
    due_at: datetime | None
    webhook_id: str
    can_go_again: bool


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form; a mistake is said beside its field, and what was typed stays."""
    if request.method != "POST":
        return _form(request, USUAL)
    typed = typed_in(request.POST) if "choosing" in request.POST else USUAL
    if comes_from_elsewhere(request):
        return _form(request, typed, status=403, error=FROM_ELSEWHERE)
    try:
        webhooks.subscribe(
            url=request.POST.get("url", ""),
            contact_email=request.POST.get("contact_email", ""),
            choice=typed.read(),
            ip=client_ip(request),
        )
    except (ValidationFailed, RateLimited) as error:
        response = _form(request, typed, status=error.http_status, error=error)
        if isinstance(error, RateLimited):
            response["Retry-After"] = str(error.retry_after_seconds)
        return response
    return see_other("/subscribe/webhook/sent/")


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The same page for a URL that we know and for one that we do not."""
    return page(request, "subscriptions/webhook_sent.html", {"days": links.CONFIRMATION_LIFETIME.days})


@token_page
@require_safe
def show(request: HttpRequest, *, token: str) -> HttpResponse:
    return _show(request, token, done=DONE.get(request.GET.get("done", ""), ""))


@token_page
@require_POST
def secret(request: HttpRequest, *, token: str) -> HttpResponse:
    """No redirect: the secret is in this one answer, which nobody keeps, and in no address."""
    try:
        made = webhooks.make_secret(token=token)
    except Conflict as error:
        return _show(request, token, error=error)
    return _show(request, token, secret=made)


@token_page
@require_POST
def test(request: HttpRequest, *, token: str) -> HttpResponse:
    return _do(request, token, "test", lambda: webhooks.test_by_owner(token=token))


@token_page
@require_POST
def again(request: HttpRequest, *, token: str) -> HttpResponse:
    written = request.POST.get("delivery", "")
    if not (written.isascii() and written.isdecimal() and len(written) <= MOST_DIGITS):
        raise NotFound("There is no such message.")
    return _do(request, token, "again", lambda: webhooks.send_again_by_owner(token=token, delivery_id=int(written)))


@token_page
@require_POST
def start(request: HttpRequest, *, token: str) -> HttpResponse:
    return _do(request, token, "start", lambda: webhooks.start_again(token=token))


def _do(request: HttpRequest, token: str, done: str, service: Callable[[], object]) -> HttpResponse:
    try:
        service()
    except Conflict as error:
        return _show(request, token, error=error)
    return see_other(f"{links.manage_path(token)}webhook/?done={done}")


def _show(
    request: HttpRequest, token: str, *, done: str = "", error: DomainError | None = None, secret: str = ""
) -> HttpResponse:
    subscriber, site = webhooks.webhook_of(token=token), site_info()
    zone = ZoneInfo(subscriber.time_zone or site.time_zone)
    rows = webhooks.deliveries_of(subscriber).select_related("notice").order_by("-created_at", "-pk")
    secrets = list(webhooks.good_secrets(subscriber))
    context: dict[str, Any] = {
        "site": site,
        "subscriber": subscriber,
        "address": shown_address(subscriber),
        "home": links.manage_path(token),
        "is_quarantined": subscriber.state == SubscriberState.QUARANTINED,
        "failing_since": _local(subscriber.failing_since, zone),
        "made_at": _local(secrets[0].created_at, zone) if secrets else None,
        "older": [_local(one.retires_at, zone) for one in secrets[1:]],
        "lines": [_line(row, subscriber, zone) for row in rows[: webhooks.MOST_SHOWN]],
        "done": done,
        "error": "" if error is None else error.sentence,
        "secret": secret,
        "most": webhooks.MOST_SHOWN,
    }
    return page(request, "subscriptions/webhook.html", context, status=200 if error is None else error.http_status)


def _line(row: Delivery, subscriber: Subscriber, zone: ZoneInfo) -> Line:
    purpose, state = Purpose(row.purpose), DeliveryState(row.state)
    kind = None if row.notice is None else NoticeKind(row.notice.kind)
    is_waiting = state is DeliveryState.PENDING
    return Line(
        key=row.pk,
        label=str(kind.label) if kind else LETTERS.get(purpose, str(purpose.label)),
        type=kind.value if kind else TYPES.get(purpose, purpose.value),
        about=_title_of(row),
        state="Trying again" if is_waiting and row.attempts else str(state.label),
        css="slow" if is_waiting and row.attempts else CSS.get(state, "none"),
        status_code=row.status_code,
        tries=_tries(row.attempts),
        error=row.last_error,
        written_at=row.created_at.astimezone(zone),
        sent_at=_local(row.sent_at, zone),
        due_at=row.next_attempt_at.astimezone(zone) if is_waiting else None,
        webhook_id=message_id(row, subscriber, row.notice.public_id if row.notice else ""),
        can_go_again=not is_waiting and purpose is not Purpose.CONFIRMATION and subscriber.is_confirmed,
    )


def _tries(number: int) -> str:
    match number:
        case 0:
            return "not tried yet"
        case 1:
            return "tried once"
        case 2:
            return "tried twice"
        case _:
            return f"tried {number} times"


def _title_of(row: Delivery) -> str:
    payload = row.notice.payload if row.notice else {}
    # First what a change is of: it may name the incident behind it as well.
    if component := payload.get("component"):
        return str(component.get("name", ""))
    about = payload.get("incident") or payload.get("maintenance") or {}
    return str(about.get("title", ""))


def _local(at: datetime | None, zone: ZoneInfo) -> datetime | None:
    return None if at is None else at.astimezone(zone)


def _form(request: HttpRequest, typed: Typed, *, status: int = 200, error: DomainError | str = "") -> HttpResponse:
    site = site_info()
    own = {error.field: str(error)} if isinstance(error, ValidationFailed) and error.field in OWN_FIELDS else {}
    context = {
        "site": site,
        "form": choice_form(typed, page_zone=site.time_zone, error="" if own else error),
        "is_open": typed != USUAL or (status != 200 and not own),
        "errors": own,
        "url": request.POST.get("url", "")[: LONGEST_ADDRESS * 2],
        "contact_email": request.POST.get("contact_email", "")[:LONGEST_ADDRESS],
    }
    return page(request, "subscriptions/webhook_form.html", context, status=status)
