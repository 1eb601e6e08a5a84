"""The public pages for whoever reaches Django itself: what is not hot, and a server without the gateway.

Nothing here looks at who asks: no session, no cookie, no CSRF token, so that the answers are the same for everyone.
"""

import hashlib
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.http import HttpResponseNotAllowed as NotAllowed
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from probes.objectives.report import current_month
from statuspage.core.errors import NotFound
from statuspage.web.documents import render_document
from statuspage.web.publication.edition import Special
from statuspage.web.publication.gateway import retry_after, wants_json
from statuspage.web.publication.negotiation import ENCODINGS, etag_matches
from statuspage.web.publication.publisher import render_and_keep
from statuspage.web.rendered import RenderedDocument

METHODS = ("GET", "HEAD", "OPTIONS")
PREFLIGHT_SECONDS = 86_400


@csrf_exempt
def public_document(request: HttpRequest, **_parts: str) -> HttpResponseBase:
    """The document at this path, rendered now. Queries: those of the page, see `documents`."""
    if request.method == "OPTIONS":
        return _preflight()
    if request.method not in METHODS:
        return NotAllowed(METHODS)
    document = render_and_keep(render_document, request.path)
    special = document.special if document is not None else None
    if special is not None and special.for_programs and wants_json(request.META):
        document = render_document(special.for_programs) or document
    if document is None:
        raise NotFound("There is no page at this address. It may have been mistyped, or never have existed.")
    return _answer(request, document)


@csrf_exempt
def newest_slo(request: HttpRequest) -> HttpResponseBase:
    """302 to the month that runs. One query."""
    if request.method == "OPTIONS":
        return _preflight()
    if request.method not in METHODS:
        return NotAllowed(METHODS)
    response = HttpResponse(status=302, headers={"Location": f"/slo/{current_month()}/"})
    response["Cache-Control"] = "public, max-age=60"
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _answer(request: HttpRequest, document: RenderedDocument) -> HttpResponseBase:
    response = HttpResponse(document.body, status=document.status, content_type=document.content_type)
    etag = _entity_tag(request, document.body)
    response["ETag"] = etag
    response["Cache-Control"] = document.cache_control
    response["Access-Control-Allow-Origin"] = "*"
    patch_vary_headers(response, ["Accept-Encoding"])
    if document.special is not None:
        _specialise(response, document.special)
    if document.status != HTTPStatus.OK:
        return response
    return get_conditional_response(request, etag=etag, response=response) or response


def _entity_tag(request: HttpRequest, body: bytes) -> str:
    """That of the plain body; or, where it is asked for, the one under which the gateway sent it in a coding.

    Whoever asks once an hour for what is kept for half a minute has it from the gateway and asks Django.
    """
    fingerprint, asked = hashlib.sha256(body).hexdigest()[:32], request.META.get("HTTP_IF_NONE_MATCH", "")
    plain = f'"{fingerprint}"'
    coded = (f'"{fingerprint}-{coding}"' for coding in ENCODINGS)
    return next((tag for tag in coded if asked and etag_matches(asked, tag)), plain)


def _specialise(response: HttpResponse, special: Special) -> None:
    if special.for_programs:
        patch_vary_headers(response, ["Accept"])
    if special.location:
        response["Location"] = special.location
    if special.retry_at is not None:
        response["Retry-After"] = retry_after(special.retry_at)
    if special.content_security_policy:
        response["Content-Security-Policy"] = special.content_security_policy


def _preflight() -> HttpResponse:
    allowed = ", ".join(METHODS)
    return HttpResponse(
        status=204,
        headers={
            "Allow": allowed,
            "Access-Control-Allow-Origin": "*",
            "Access-Control-Allow-Methods": allowed,
            "Access-Control-Allow-Headers": "*",
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
        },
    )
