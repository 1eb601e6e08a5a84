"""What the owner of a subscription sees and does, by the link in our mails. Nothing is changed by GET.

/subscribe/confirm/<token>/             say yes
/subscriptions/<token>/                 see and change the choice
/subscriptions/<token>/pause|resume/    get nothing for a while
/subscriptions/<token>/follow|unfollow/ one incident, by `reference`
/subscriptions/<token>/link/            have a fresh link mailed
/subscriptions/<token>/data.json        everything that is kept
/subscriptions/<token>/delete/          be forgotten
/subscriptions/<token>/unsubscribe/     leave
"""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Concatenate
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incidents.models import Incident
from statuspage.core import clock
from statuspage.core.errors import NotFound, ValidationFailed
from statuspage.web.selectors import site_info
from statuspage.web.subscribing.forms import choice_form, typed_in, typed_of
from statuspage.web.subscribing.views import page, see_other
from subscriptions import links, managing, own_data, services
from subscriptions.describing import describe, shown_address
from subscriptions.enums import Channel

MOST_OFFERED = 20
# What the manage page says after coming from another one.
DONE = {
    "confirmed": "You are subscribed. We will write when something breaks, and when it is over.",
    "one": "You will get a mail when this is over.",
    "saved": "Saved. It counts from now on.",
    "paused": "Paused. Nothing is sent until you resume, or the pause is over.",
    "resumed": "You get messages again, from now on.",
    "followed": "You will be told when it is over.",
    "unfollowed": "You will not be told of that incident.",
}


def token_page[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page whose address is a secret: kept by nobody, told to nobody, found by nobody."""

    @csrf_exempt
    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except services.OldLink as error:
            response = _old_link(request, str(kwargs.get("token", "")), error)
        except NotFound as error:
            response = page(request, "subscriptions/dead_link.html", {"sentence": error.sentence}, status=404)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapper


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, *, token: str) -> HttpResponse:
    if request.method == "POST":
        subscriber = services.confirm(token=token)
        if subscriber.channel == Channel.WEBHOOK:
            return see_other(f"{links.manage_path(links.manage_token(subscriber))}webhook/?done=confirmed")
        done = "one" if subscriber.only_follows else "confirmed"
        return see_other(f"{links.manage_path(links.manage_token(subscriber))}?done={done}")
    waiting = services.subscriber_to_confirm(token=token)
    followed = list(waiting.follows.select_related("severity"))
    context = {
        "address": shown_address(waiting),
        "only_follows": waiting.only_follows,
        "followed": followed,
        "is_over": waiting.only_follows and not any(incident.is_open for incident in followed),
        "choice": describe(waiting),
    }
    return page(request, "subscriptions/confirm.html", context)


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, *, token: str) -> HttpResponse:
    if request.method != "POST":
        return _manage(request, token)
    typed = typed_in(request.POST)
    try:
        subscriber = services.subscriber_of(token=token)
        choice = typed.read(may_be_empty=subscriber.follows.exists())
        managing.change_choice(token=token, choice=choice)
    except ValidationFailed as refused:
        return _manage(request, token, error=refused)
    return _back(token, "saved")


@token_page
@require_POST
def pause(request: HttpRequest, *, token: str) -> HttpResponse:
    days = request.POST.get("days", "")
    if days and not (days.isascii() and days.isdecimal() and len(days) < 4):
        return _manage(request, token, error=ValidationFailed("days", "Choose for how long."))
    try:
        managing.pause(token=token, days=int(days) if days else None)
    except ValidationFailed as refused:
        return _manage(request, token, error=refused)
    return _back(token, "paused")


@token_page
@require_POST
def resume(_request: HttpRequest, *, token: str) -> HttpResponse:
    managing.resume(token=token)
    return _back(token, "resumed")


@token_page
@require_POST
def follow(request: HttpRequest, *, token: str) -> HttpResponse:
    try:
        managing.follow(token=token, reference=request.POST.get("reference", ""))
    except ValidationFailed as refused:
        return _manage(request, token, error=refused)
    return _back(token, "followed")


@token_page
@require_POST
def unfollow(request: HttpRequest, *, token: str) -> HttpResponse:
    subscriber = managing.stop_following(token=token, reference=request.POST.get("reference", ""))
    if not subscriber.is_current:
        return page(request, "subscriptions/unsubscribed.html", {})
    return _back(token, "unfollowed")


@token_page
@require_POST
def send_link(request: HttpRequest, *, token: str) -> HttpResponse:
    try:
        managing.send_link(token=token)
    except ValidationFailed as refused:
        return page(request, "subscriptions/dead_link.html", {"sentence": refused.sentence}, status=400)
    return page(request, "subscriptions/link_sent.html", {})


@token_page
@require_safe
def data(_request: HttpRequest, *, token: str) -> HttpResponse:
    """A download; reading changes nothing."""
    subscriber = services.subscriber_of(token=token)
    response = JsonResponse(own_data.everything_about(subscriber), json_dumps_params={"indent": 1})
    response["Content-Disposition"] = 'attachment; filename="subscription.json"'
    return response


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest, *, token: str) -> HttpResponse:
    """The page asks; the button erases."""
    if request.method == "POST":
        managing.erase(token=token)
        return page(request, "subscriptions/deleted.html", {})
    subscriber = services.subscriber_of(token=token)
    context = {"address": shown_address(subscriber), "back": links.manage_path(token)}
    return page(request, "subscriptions/delete.html", context)


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, *, token: str) -> HttpResponse:
    """POST leaves, from the button here or straight from a mail program (RFC 8058: no cookie, no redirect)."""
    if request.method == "POST":
        services.unsubscribe(token=token)
        return page(request, "subscriptions/unsubscribed.html", {})
    leaving = services.subscriber_who_may_leave(token=token)
    if not leaving.is_current:
        return page(request, "subscriptions/unsubscribed.html", {})
    return page(request, "subscriptions/unsubscribe.html", {"address": shown_address(leaving)})


def _manage(request: HttpRequest, token: str, *, error: ValidationFailed | None = None) -> HttpResponse:
    subscriber = services.subscriber_of(token=token)
    site, now = site_info(), clock.now()
    typed = typed_in(request.POST) if error and "choosing" in request.POST else typed_of(subscriber)
    followed = list(subscriber.follows.select_related("severity", "merged_into"))
    known = {incident.merged_into_id or incident.pk for incident in followed}
    running = Incident.objects.open().select_related("severity").newest_first()
    context = {
        "site": site,
        "address": shown_address(subscriber),
        "subscriber": subscriber,
        "is_mail": subscriber.channel == Channel.EMAIL,
        "form": choice_form(typed, page_zone=site.time_zone, error=error or ""),
        "done": DONE.get(request.GET.get("done", ""), ""),
        "home": links.manage_path(token),
        "is_paused": subscriber.is_paused(now),
        "paused_until": _local(subscriber.paused_until, subscriber.time_zone or site.time_zone),
        "followed": followed,
        "running": [incident for incident in running[:MOST_OFFERED] if incident.pk not in known],
        "pauses": managing.PAUSE_DAYS,
    }
    return page(request, "subscriptions/manage.html", context, status=400 if error else 200)


def _back(token: str, done: str) -> HttpResponse:
    return see_other(f"{links.manage_path(token)}?done={done}")


def _old_link(request: HttpRequest, token: str, error: NotFound) -> HttpResponse:
    """Too old to change anything: it leaves, and has a fresh one sent to whom it is about."""
    subscriber = services.subscriber_of_any_age(token=token)
    context = {
        "sentence": error.sentence,
        "has_mailbox": managing.has_mailbox(subscriber),
        "home": links.manage_path(token),
    }
    return page(request, "subscriptions/old_link.html", context, status=410)


def _local(at: datetime | None, zone: str) -> datetime | None:
    return None if at is None else at.astimezone(ZoneInfo(zone))
