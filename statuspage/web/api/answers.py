"""What every answer of the public API has: methods, CORS, entity tags, a limit, errors as problem details."""

import functools
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.csrf import csrf_exempt

from statuspage.core import rate_limit
from statuspage.core.client_address import client_ip
from statuspage.core.errors import RateLimited
from statuspage.web.errors.middleware import problem

METHODS = "GET, HEAD, OPTIONS"
PREFLIGHT_SECONDS = 86_400
# These are computed when asked for: a client that is polite never comes near it.
REQUESTS_A_MINUTE = 60
CACHE_CONTROL = "public, max-age=60, stale-if-error=86400"
JSON = "application/json"

View = Callable[..., HttpResponse]


def public_api(view: View) -> Callable[..., HttpResponseBase]:
    """A public read: no login, no cookie. Answers `OPTIONS` and refuses other methods; domain errors are mapped by
    the middleware."""

    @csrf_exempt
    @functools.wraps(view)
    def wrapper(request: HttpRequest, **parts: str) -> HttpResponseBase:
        if request.method == "OPTIONS":
            return _preflight()
        if request.method not in ("GET", "HEAD"):
            refused = problem(status=405, title="This can only be read", detail=f"Use one of {METHODS}.")
            refused["Allow"] = METHODS
            return refused
        if not rate_limit.allow(f"api:{client_ip(request)}", limit=REQUESTS_A_MINUTE, per=timedelta(minutes=1)):
            raise RateLimited(f"At most {REQUESTS_A_MINUTE} requests a minute. Please come back in a minute.")
        response = view(request, **parts)
        etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
        response["ETag"] = etag
        response["Cache-Control"] = CACHE_CONTROL
        response["Access-Control-Allow-Origin"] = "*"
        return get_conditional_response(request, etag=etag, response=response) or response

    return wrapper


def json_answer(data: object) -> HttpResponse:
    return HttpResponse(encode({"data": data}), content_type=JSON)


def encode(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode() + b"\n"


def number(percent: Decimal | None) -> float | None:
    """As a JSON number: four places at most are exact in it."""
    return None if percent is None else float(percent)


def rfc3339(at: datetime | None) -> str | None:
    """`2026-11-21T14:30:00Z`, to the second."""
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _preflight() -> HttpResponse:
    return HttpResponse(
        status=204,
        headers={
            "Allow": METHODS,
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": METHODS,
            "Access-Control-Allow-Headers": "*",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        },
    )
