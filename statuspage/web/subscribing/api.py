"""`POST /v1/status/subscribe`: subscribing, for programs.

{"email": "ada@example.org", "components": ["api"], "events": ["incidents"]}  →  202, whoever that address is
"""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from statuspage.core.client_address import client_ip
from statuspage.core.errors import DomainError, ValidationFailed
from statuspage.web.errors.middleware import error_response, problem
from subscriptions import services
from subscriptions.choices import DEFAULT_EVENTS
from subscriptions.enums import Event

LONGEST_BODY = 20_000
KEYS = frozenset({"email", "components", "events"})
METHODS = "POST, OPTIONS"


@csrf_exempt  # open to programs and to other sites on purpose: no cookie gives anybody's word any weight here
def subscribe(request: HttpRequest) -> HttpResponse:
    response = _answer(request)
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "no-store"
    return response


def _answer(request: HttpRequest) -> HttpResponse:
    if request.method == "OPTIONS":
        return HttpResponse(
            status=204,
            headers={
                "Allow": METHODS,
                "Access-Control-Allow-Methods": METHODS,
                "Access-Control-Allow-Headers": "Content-Type",
                "Access-Control-Max-Age": "86400",
            },
        )
    if request.method != "POST":
        refused = problem(status=405, title="Only POST works here", detail="Send the address with POST, as JSON.")
        refused["Allow"] = METHODS
        return refused
    if int(request.META.get("CONTENT_LENGTH") or 0) > LONGEST_BODY:
        return problem(status=413, title="Too long", detail=f"A request has at most {LONGEST_BODY} bytes.")
    try:
        asked = _read(request.body)
        services.subscribe(
            email=asked.get("email"), components=_components(asked), events=_events(asked), ip=client_ip(request)
        )
    except DomainError as error:
        return error_response(request, error)
    return JsonResponse({"data": {"status": "pending_confirmation"}}, status=202)


def _read(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise ValidationFailed("", 'Send a JSON object such as {"email": "ada@example.org"}.') from None
    if not isinstance(asked, dict):
        raise ValidationFailed("", 'Send a JSON object such as {"email": "ada@example.org"}.')
    for key in asked:
        if key not in KEYS:
            raise ValidationFailed(key, f"There is no key {key[:80]!r}: email, components and events are known.")
    return asked


def _components(asked: dict[str, Any]) -> list[str]:
    return _words(asked, "components", "a list of the slugs of components")


def _events(asked: dict[str, Any]) -> list[Event]:
    expected = f"a list of some of {', '.join(Event.values)}"
    words = _words(asked, "events", expected)
    try:
        return [Event(word) for word in words] or list(DEFAULT_EVENTS)
    except ValueError:
        raise ValidationFailed("events", f"events must be {expected}.") from None


def _words(asked: dict[str, Any], key: str, expected: str) -> list[str]:
    value = asked.get(key, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise ValidationFailed(key, f"{key} must be {expected}.")
    return value
