"""Subscribing, for people: to what the page says, or to one incident.

These pages are the same for everyone and set no cookie, so their forms carry no CSRF token: there is no session whose
authority another site could borrow. What a visitor may do hangs on the signed token in the address, which another site
does not know (`managing`). The forms without a token refuse posts that a browser says come from another site. Nothing
is ever changed by GET: mail filters open every link they see.
"""

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from incidents.models import Incident
from statuspage.core.client_address import client_ip
from statuspage.core.errors import DomainError, RateLimited, ValidationFailed
from statuspage.web.selectors import site_info
from statuspage.web.subscribing.forms import LONGEST_ADDRESS, Typed, choice_form, typed_in
from subscriptions import links, services
from subscriptions.choices import incident_to_follow, read_choice

FROM_ELSEWHERE = "This was sent from another site. Send it again from here."


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


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page of these. One query for the site's own words; `context` may bring `site` with it."""
    response = render(
        request, template, context if "site" in context else {"site": site_info(), **context}, status=status
    )
    response["Cache-Control"] = "no-cache" if status == 200 else "no-store"
    return response


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The form; a mistake is said beside its field, and what was typed stays."""
    if request.method != "POST":
        return _form(request, Typed())
    typed = typed_in(request.POST)
    if comes_from_elsewhere(request):
        return _form(request, typed, status=403, error=FROM_ELSEWHERE)
    try:
        services.subscribe(email=typed.email, choice=typed.read(), ip=client_ip(request))
    except (ValidationFailed, RateLimited) as error:
        return _refused(_form(request, typed, status=error.http_status, error=error), error)
    return see_other("/subscribe/sent/")


@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """The same page for an address that we know and for one that we do not."""
    return page(request, "subscriptions/sent.html", {"days": links.CONFIRMATION_LIFETIME.days})


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def one_incident(request: HttpRequest, reference: str) -> HttpResponse:
    """ "Tell me when this is over": what the form on an incident's page posts to, and the same form by itself.

    Raises NotFound for an incident that is not there; one that was merged is followed where it goes on.
    """
    incident = incident_to_follow(reference)
    if request.method != "POST" or not incident.is_open:
        return _one(request, incident)
    if comes_from_elsewhere(request):
        return _one(request, incident, status=403, error=FROM_ELSEWHERE)
    try:
        choice = read_choice(events=(), updates="updates" in request.POST, incident=incident.reference)
        services.subscribe(email=request.POST.get("email", ""), choice=choice, ip=client_ip(request))
    except (ValidationFailed, RateLimited) as error:
        return _refused(_one(request, incident, status=error.http_status, error=error), error)
    return see_other("/subscribe/sent/")


def _form(request: HttpRequest, typed: Typed, *, status: int = 200, error: DomainError | str = "") -> HttpResponse:
    site = site_info()
    form = choice_form(typed, page_zone=site.time_zone, error=error)
    return page(request, "subscriptions/subscribe.html", {"site": site, "form": form}, status=status)


def _one(
    request: HttpRequest, incident: Incident, *, status: int = 200, error: DomainError | str = ""
) -> HttpResponse:
    context = {
        "incident": incident,
        "email": request.POST.get("email", "")[:LONGEST_ADDRESS],
        "updates": "updates" in request.POST,
        "email_error": str(error) if isinstance(error, ValidationFailed) else "",
        "form_error": "" if isinstance(error, ValidationFailed) else str(error),
    }
    return page(request, "subscriptions/one_incident.html", context, status=status)


def _refused(response: HttpResponse, error: DomainError) -> HttpResponse:
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(error.retry_after_seconds)
    return response
