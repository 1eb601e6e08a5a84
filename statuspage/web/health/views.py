"""Is this process alive (`/healthz`), and is it as good as it should be (`/readyz`)?

`/healthz` is for whoever restarts dead processes. `/readyz` is for whoever watches: a process that is not ready still
serves its last edition, so a load balancer must not take it away for that.
Neither asks the database: `/readyz` says what the publisher, which asks every second, has seen.
"""

import json
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from statuspage.core import clock
from statuspage.web.publication.headers import Headers
from statuspage.web.publication.publisher import Publisher, publisher

SLOWEST_GOOD_ANSWER_MS = 1000.0
ALWAYS: Headers = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
TEXT: Headers = [("Content-Type", "text/plain; charset=utf-8"), *ALWAYS]
JSON: Headers = [("Content-Type", "application/json"), *ALWAYS]


def readiness(publisher: Publisher) -> dict[str, Any]:
    """What is well and what is not, for `/readyz`; `problems` is empty when all is well."""
    edition, state, now = publisher.edition, publisher.state, clock.now()
    problems = []
    if state.answered_at is None or publisher.database_is_silent():
        problems.append("The database does not answer.")
    elif state.answer_ms > SLOWEST_GOOD_ANSWER_MS:
        problems.append(f"The database took {state.answer_ms:.0f} ms to answer.")
    if edition is None:
        problems.append("There is no edition yet.")
    elif not edition.is_fresh(now):
        problems.append(f"The page could not be refreshed for {edition.age_seconds(now):.0f} s.")
    if state.failures_in_a_row:
        problems.append("The last attempts to refresh the page failed.")
    if state.store_failures:
        problems.append("The edition cannot be written to the disk.")
    return {
        "ready": not problems,
        "problems": problems,
        "database": {
            "answer_ms": round(state.answer_ms, 1),
            "answered_seconds_ago": _seconds_since(state.answered_at),
        },
        "edition": edition
        and {
            "version": edition.version,
            "documents": len(edition.documents),
            "built_at": edition.built_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "age_seconds": round(edition.age_seconds(now), 1),
            "build_ms": round(edition.build_ms, 1),
            "from_disk": edition.is_restored,
        },
        "rebuilds": state.rebuilds,
        "failures": state.failures,
        "kept_pages": len(publisher.kept),
    }


def _seconds_since(moment: float | None) -> float | None:
    return None if moment is None else round(time.monotonic() - moment, 1)


def _alive() -> tuple[str, Headers, bytes]:
    return "200 OK", TEXT, b"ok\n"


def _ready() -> tuple[str, Headers, bytes]:
    report = readiness(publisher)
    status = HTTPStatus.OK if report["ready"] else HTTPStatus.SERVICE_UNAVAILABLE
    return f"{status.value} {status.phrase}", JSON, json.dumps(report, indent=1).encode() + b"\n"


# The gateway answers these itself; the views below are for a server that runs Django without it.
PROBE_ANSWERS: dict[str, Callable[[], tuple[str, Headers, bytes]]] = {"/healthz": _alive, "/readyz": _ready}


@csrf_exempt  # nothing is changed: any other method is refused with 405, not for want of a token
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    return _respond(request.path)


@csrf_exempt
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    return _respond(request.path)


def _respond(path: str) -> HttpResponse:
    status_line, headers, body = PROBE_ANSWERS[path]()
    return HttpResponse(body, status=int(status_line[:3]), headers=dict(headers))
