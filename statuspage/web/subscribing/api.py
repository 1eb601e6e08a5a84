"""`POST /v1/status/subscribe`: subscribing, for programs.

{"email": "ada@example.org", "components": ["api"], "events": ["incidents"]}  →  202, whoever that address is
{"channel": "slack", "url": "https://hooks.slack.com/services/…"}             →  202, likewise
{"channel": "webhook", "url": "https://…", "contactEmail": "ops@example.org"}  →  202, likewise

`KEYS` are all that it may have, each with what it must be. Needed are `email`, or `channel` and `url`, and of a
webhook also `contactEmail`.
"""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from statuspage.core.client_address import client_ip
from statuspage.core.errors import DomainError, ValidationFailed
from statuspage.web.errors.middleware import error_response, problem
from subscriptions import chats, services, webhooks
from subscriptions.choices import DEFAULT_EVENTS, Choice, read_choice
from subscriptions.enums import Channel, Event
from subscriptions.ways import CHATS

LONGEST_BODY = 20_000
SLUGS = "a list of the slugs of components"
EVENTS = f"a list of some of {', '.join(Event.values)}"
TEXT = "text"
KEYS: dict[str, tuple[type, str]] = {
    "email": (str, TEXT),
    "channel": (str, TEXT),
    "url": (str, TEXT),
    "contactEmail": (str, TEXT),
    "components": (list, SLUGS),
    "groups": (list, "a list of the slugs of groups"),
    "events": (list, EVENTS),
    "updates": (bool, "true (each update) or false (the beginning and the end)"),
    "minimumSeverity": (str, "the slug of a severity"),
    "timeZone": (str, "a time zone such as Europe/Berlin"),
    "language": (str, "the code of a language such as en"),
    "incident": (str, "the reference of one incident"),
}
METHODS = "POST, OPTIONS"
CHANNELS = sorted({Channel.EMAIL, Channel.WEBHOOK, *CHATS})
# Of addresses more can be wrong than their type: what normalises them says it.
ADDRESSES = frozenset({"email", "url", "contactEmail"})


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
    if _declared_length(request) > LONGEST_BODY:
        return problem(status=413, title="Too long", detail=f"A request has at most {LONGEST_BODY} bytes.")
    try:
        asked = _read(request.body)
        _subscribe(asked, ip=client_ip(request))
    except DomainError as error:
        return error_response(request, error)
    return JsonResponse({"data": {"status": "pending_confirmation"}}, status=202)


def _declared_length(request: HttpRequest) -> int:
    """What is no number counts as nothing, as it does where the body is read."""
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _subscribe(asked: dict[str, Any], *, ip: str) -> None:
    word, choice = asked.get("channel", Channel.EMAIL.value), _choice(asked)
    if word in CHATS:
        chats.subscribe(channel=Channel(word), url=asked.get("url"), choice=choice, ip=ip)
    elif word == Channel.WEBHOOK:
        contact = asked.get("contactEmail")
        webhooks.subscribe(url=asked.get("url"), contact_email=contact, choice=choice, ip=ip)
    elif word == Channel.EMAIL:
        services.subscribe(email=asked.get("email"), choice=choice, ip=ip)
    else:
        raise ValidationFailed("channel", f"channel must be one of {', '.join(CHANNELS)}.")


def _read(body: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        raise ValidationFailed("", 'Send a JSON object such as {"email": "ada@example.org"}.') from None
    if not isinstance(asked, dict):
        raise ValidationFailed("", 'Send a JSON object such as {"email": "ada@example.org"}.')
    for key, value in asked.items():
        if key not in KEYS:
            raise ValidationFailed(key, f"There is no key {key[:80]!r}: known are {', '.join(KEYS)}.")
        kind, expected = KEYS[key]
        if not isinstance(value, kind) and key not in ADDRESSES:
            raise ValidationFailed(key, f"{key} must be {expected}.")
    return asked


def _choice(asked: dict[str, Any]) -> Choice:
    """Who names an incident and no events follows that one alone, until it is over."""
    only_one = "incident" in asked and "events" not in asked
    return read_choice(
        components=_words(asked, "components"),
        groups=_words(asked, "groups"),
        events=() if only_one else _events(asked),
        updates=asked.get("updates", not only_one),
        minimum_severity=asked.get("minimumSeverity", ""),
        time_zone=asked.get("timeZone", ""),
        language=asked.get("language", ""),
        incident=asked.get("incident", ""),
    )


def _events(asked: dict[str, Any]) -> list[Event]:
    try:
        usual = webhooks.DEFAULT_EVENTS_OF_WEBHOOKS if asked.get("channel") == Channel.WEBHOOK else DEFAULT_EVENTS
        return [Event(word) for word in _words(asked, "events")] or list(usual)
    except ValueError:
        raise ValidationFailed("events", f"events must be {EVENTS}.") from None


def _words(asked: dict[str, Any], key: str) -> list[str]:
    value: list[Any] = asked.get(key, [])
    if not all(isinstance(word, str) for word in value):
        raise ValidationFailed(key, f"{key} must be {KEYS[key][1]}.")
    return value
