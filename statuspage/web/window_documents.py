"""The documents of maintenance windows: pages, their live part, the 503 for people and programs, and the file that a
load balancer serves without us.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from statuspage.web.pages.windows import platform_window
from statuspage.web.publication.edition import Special
from statuspage.web.readmodels import SiteInfo
from statuspage.web.rendered import HTML, NO_STORE, RenderedDocument, document, html
from statuspage.web.windowmodels import ServiceLine, WindowPage

WINDOW_PATH = "/maintenance/"
# Not an address: no request has a number sign in its path.
WINDOW_FOR_PROGRAMS = "/maintenance/#problem"
OFFLINE_PATH = "/maintenance/offline.html"
OFFLINE_FOR_PROGRAMS = "/maintenance/offline.html#problem"
PROBLEM_JSON = "application/problem+json"
# So that the file stays under 60 kB whatever was typed.
MOST_SERVICES, MOST_STEPS, LONGEST_STEP = 40, 12, 1200


def window(page: WindowPage) -> Iterable[RenderedDocument]:
    """A window's page, its live part, and the file for load balancers."""
    context = {"page": page, "card": page.card, "site": page.site}
    yield html(page.card.path, "pages/maintenance.html", context)
    yield html(page.live_path, "pages/maintenance.html#live", context)
    special = Special(content_security_policy=_policy())
    yield document(page.offline_path, HTML, _offline(page.site, page), cache_control=NO_STORE, special=special)


def platform(site: SiteInfo, pages: Iterable[WindowPage]) -> Iterable[RenderedDocument]:
    """`/maintenance/` and the file at its side: 503 while a window takes the platform down.

    Without one the first leads home, and the second says that the service does not answer: it is asked for where a
    load balancer found nobody.
    """
    page = platform_window(pages)
    if page is None:
        home = Special(location="/")
        yield document(WINDOW_PATH, HTML, b"", status=HTTPStatus.FOUND, cache_control=NO_STORE, special=home)
        problem, retry_at = _dump(_unknown_problem(site)), None
    else:
        problem, retry_at = _dump(problem_of(page)), int(page.clock.until.timestamp())
        context = {"page": page, "card": page.card, "site": site}
        body = render_to_string("pages/maintenance_503.html", context).encode()
        yield _unavailable(WINDOW_PATH, HTML, body, Special(retry_at=retry_at, for_programs=WINDOW_FOR_PROGRAMS))
        yield _problem(WINDOW_FOR_PROGRAMS, problem, retry_at)
    yield _problem(OFFLINE_FOR_PROGRAMS, problem, retry_at)
    special = Special(retry_at=retry_at, for_programs=OFFLINE_FOR_PROGRAMS, content_security_policy=_policy())
    yield _unavailable(OFFLINE_PATH, HTML, _offline(site, page), special)


def _problem(path: str, body: bytes, retry_at: int | None) -> RenderedDocument:
    # It names itself, so that its answer too says that it depends on what was asked for.
    return _unavailable(path, PROBLEM_JSON, body, Special(retry_at=retry_at, for_programs=path))


def _unavailable(path: str, content_type: str, body: bytes, special: Special) -> RenderedDocument:
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return document(path, content_type, body, status=status, cache_control=NO_STORE, special=special)


def problem_of(page: WindowPage) -> dict[str, Any]:
    """RFC 9457, with what the page says; times RFC 3339 UTC or null."""
    card, site = page.card, page.site
    return {
        "type": f"{site.url}{card.path}",
        "title": page.headline,
        "status": int(HTTPStatus.SERVICE_UNAVAILABLE),
        "detail": f"{page.standfirst}. Expected back at {_utc(page.clock.until)}; {page.clock.standing}.",
        "instance": card.path,
        "reference": card.reference,
        "phase": page.phase,
        "scheduledFor": _utc(card.scheduled_for),
        "scheduledUntil": _utc(card.scheduled_until),
        "startedAt": _utc(card.started_at),
        "expectedUntil": _utc(page.clock.until),
        "onSchedule": not page.clock.is_over_time,
        "regions": list(page.regions),
        "impact": {"level": page.impact_label.lower() or None, "note": page.impact_note},
        "services": [_service(service) for service in page.services],
        "steps": [{"title": step.title, "state": step.state, "at": _utc(step.at)} for step in page.steps],
    }


def _service(service: ServiceLine) -> dict[str, Any]:
    return {
        "slug": service.slug,
        "name": service.name,
        "state": service.state,
        "etaAt": _utc(service.eta_at),
        "regions": service.regions.split(", ") if service.regions else [],
    }


def _unknown_problem(site: SiteInfo) -> dict[str, Any]:
    return {
        "type": "about:blank",
        "title": "Service Unavailable",
        "status": int(HTTPStatus.SERVICE_UNAVAILABLE),
        "detail": f"This service does not answer right now. What is known about it is at {site.url}/status.json.",
    }


def _offline(site: SiteInfo, page: WindowPage | None) -> bytes:
    """One file without outside requests, under 60 kB."""
    services = _worst_first(page.services) if page else ()
    steps = page.steps if page else ()
    shown = [step for step in steps if len(step.body) <= LONGEST_STEP][:MOST_STEPS]
    context = {
        "page": page,
        "site": site,
        "headline": page.headline if page else "Service unavailable",
        "services": services[:MOST_SERVICES],
        "more_services": max(0, len(services) - MOST_SERVICES),
        "steps": shown,
        "more_steps": len(steps) - len(shown),
        "style": _style(),
    }
    return render_to_string("pages/offline.html", context).encode()


def _worst_first(services: Sequence[ServiceLine]) -> Sequence[ServiceLine]:
    """In their order, unless there are too many: then those that are down come first."""
    if len(services) <= MOST_SERVICES:
        return services
    return sorted(services, key=lambda service: (not service.is_down, service.css == "ok"))


@cache
def _style() -> SafeString:
    return mark_safe(render_to_string("pages/offline.css").strip())  # noqa: S308 -- a file of ours, without values


@cache
def _policy() -> str:
    """Nothing is loaded, and the one style is known by its hash."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    nothing = "; ".join(f"{name} 'none'" for name in ("base-uri", "form-action", "frame-ancestors"))
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; {nothing}"


def _dump(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _utc(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
