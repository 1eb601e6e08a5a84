"""Subscribing, confirming, choosing and leaving, for people.

These pages are the same for everyone and set no cookie, so their forms carry no CSRF token: there is no session whose
authority another site could borrow. What a visitor may do hangs on the signed token in the address, which another site
does not know. The one form without a token is `/subscribe/`, which refuses posts that a browser says come from another
site. Nothing is ever changed by GET: mail filters open every link they see.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from components.models import Component
from statuspage.core.client_address import client_ip
from statuspage.core.errors import DomainError, NotFound, RateLimited, ValidationFailed
from statuspage.web.selectors import site_info
from subscriptions import links, services
from subscriptions.models import Subscriber

# What the manage page says after coming from another one.
DONE = {
    "confirmed": "You are subscribed. We will write when something breaks, and when it is over.",
    "saved": "Saved. It counts from now on.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One component that can be chosen."""

    slug: str
    name: str
    note: str
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceGroup:
    """Components under one heading; the name is empty for those in no group."""

    name: str
    choices: tuple[Choice, ...]


def choice_groups(chosen: Collection[str] = ()) -> tuple[ChoiceGroup, ...]:
    """What there is to choose, in the page's order. One query."""
    groups: dict[tuple[int, int, str], list[Choice]] = {}
    for component in Component.objects.visible().select_related("group"):
        group = component.group
        key = (group.position, group.pk, group.name) if group else (-1, 0, "")
        groups.setdefault(key, []).append(
            Choice(slug=component.slug, name=component.name, note=component.note, chosen=component.slug in chosen)
        )
    return tuple(ChoiceGroup(name=key[2], choices=tuple(groups[key])) for key in sorted(groups))


def see_other(path: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(path, status=303)


def comes_from_elsewhere(request: HttpRequest) -> bool:
    """Whether the browser says that a page of another site made this request. Programs say nothing and may."""
    fetch_site = request.headers.get("Sec-Fetch-Site")
    if fetch_site is not None:
        return fetch_site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    if origin is None or origin in settings.CSRF_TRUSTED_ORIGINS:
        return False
    return urlsplit(origin).netloc != request.get_host()


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form; a mistake is said beside its field, and what was typed stays."""
    if request.method != "POST":
        return _form(request, status=200)
    if comes_from_elsewhere(request):
        return _form(request, status=403, error="This was sent from another site. Send it again from here.")
    chosen = request.POST.getlist("components")
    try:
        services.subscribe(email=request.POST.get("email", ""), components=chosen, ip=client_ip(request))
    except (ValidationFailed, RateLimited) as error:
        return _form(request, status=error.http_status, chosen=chosen, error=error)
    return see_other("/subscribe/sent/")


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The same page for an address that we know and for one that we do not."""
    return _page(request, "subscriptions/sent.html", {"days": links.CONFIRMATION_LIFETIME.days})


def _form(
    request: HttpRequest, *, status: int, chosen: Collection[str] = (), error: DomainError | str = ""
) -> HttpResponse:
    field = error.field if isinstance(error, ValidationFailed) else ""
    context = {
        "email": request.POST.get("email", "")[:1000],
        "groups": choice_groups(chosen),
        "email_error": str(error) if field == "email" else "",
        "form_error": str(error) if field != "email" else "",
    }
    response = _page(request, "subscriptions/subscribe.html", context, status=status)
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(error.retry_after_seconds)
    return response


def token_page[**P](
    view: Callable[Concatenate[HttpRequest, P], HttpResponse],
) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """A page whose address is a secret: kept by nobody, told to nobody, found by nobody."""

    @csrf_exempt
    @wraps(view)
    def wrapper(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            response = view(request, *args, **kwargs)
        except NotFound as error:
            response = _page(request, "subscriptions/dead_link.html", {"sentence": error.sentence}, status=404)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return wrapper


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    if request.method == "POST":
        subscriber = services.confirm(token=token)
        return see_other(f"{links.manage_path(links.manage_token(subscriber))}?done=confirmed")
    waiting = services.subscriber_to_confirm(token=token)
    return _page(request, "subscriptions/confirm.html", {"subscriber": waiting, "names": _names(waiting)})


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def manage(request: HttpRequest, token: str) -> HttpResponse:
    chosen = request.POST.getlist("components")
    error = ""
    if request.method == "POST":
        try:
            services.change_choice(token=token, components=chosen)
        except ValidationFailed as refused:
            error = refused.sentence
        else:
            return see_other(f"{links.manage_path(token)}?done=saved")
    subscriber = services.subscriber_of(token=token)
    if not error:
        chosen = list(subscriber.components.values_list("slug", flat=True))
    context = {
        "subscriber": subscriber,
        "groups": choice_groups(chosen),
        "done": DONE.get(request.GET.get("done", ""), ""),
        "form_error": error,
        "leave": links.unsubscribe_path(token),
    }
    return _page(request, "subscriptions/manage.html", context, status=400 if error else 200)


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """POST leaves, from the button here or straight from a mail program (RFC 8058: no cookie, no redirect)."""
    if request.method == "POST":
        subscriber = services.unsubscribe(token=token)
        return _page(request, "subscriptions/unsubscribed.html", {"subscriber": subscriber})
    leaving = services.subscriber_who_may_leave(token=token)
    if not leaving.is_confirmed:
        return _page(request, "subscriptions/unsubscribed.html", {"subscriber": leaving})
    return _page(request, "subscriptions/unsubscribe.html", {"subscriber": leaving})


def _names(subscriber: Subscriber) -> Iterable[str]:
    return [component.full_name for component in subscriber.components.select_related("group")]


def _page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    response = render(request, template, {"site": site_info(), **context}, status=status)
    response["Cache-Control"] = "no-cache" if status == 200 else "no-store"
    return response
