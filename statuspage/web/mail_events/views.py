"""The doors: each answers the same whatever it was told about whom."""

import hmac

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from statuspage.core.errors import NotFound, NoToken
from statuspage.core.tokens import hash_token
from statuspage.web.errors.middleware import error_response
from statuspage.web.mail_events.own import read_own_events
from statuspage.web.mail_events.providers import read_events
from subscriptions.bounces import record_event

NO_STORE = {"Cache-Control": "no-store"}


@csrf_exempt  # programs; their secret is in a header, and no cookie is looked at
@require_http_methods(["HEAD", "POST"])
def provider_events(request: HttpRequest, provider: str) -> HttpResponse:
    """`POST /mail-events/<provider>/`: 200, or problem details. HEAD: some ask whether anybody is there."""
    if provider not in settings.MAIL_EVENTS:
        raise NotFound("No mail provider of this name is set up here.")
    if request.method == "HEAD":
        return HttpResponse(headers=NO_STORE)
    try:
        events = read_events(provider, request)
    except NoToken as error:
        # Amazon sends its password only when it is asked for it.
        response = error_response(request, error)
        response["WWW-Authenticate"] = 'Basic realm="mail events"'
        return response
    for event in events:
        record_event(event)
    return HttpResponse(headers=NO_STORE)


@csrf_exempt  # the token is the whole of the right to post
@require_http_methods(["POST"])
def own_events(request: HttpRequest, token: str) -> HttpResponse:
    """`POST /v1/mail-events/<token>`: 204, or problem details."""
    wanted = settings.MAIL_EVENTS_TOKEN
    if not wanted or not hmac.compare_digest(hash_token(token), hash_token(wanted)):
        raise NotFound("There is nothing here.")
    for event in read_own_events(request.body):
        record_event(event)
    return HttpResponse(status=204, headers=NO_STORE)
