"""Where our domain errors become HTTP answers: the one place."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from statuspage.core.errors import DomainError, NoToken, RateLimited

PROBLEM = "application/problem+json"


class DomainErrorMiddleware:
    """Turns a DomainError that left a view into a page for people or RFC 9457 problem details for programs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, DomainError):
            return None
        return error_response(request, exception)


def wants_problem(request: HttpRequest) -> bool:
    """Programs: the JSON paths, and whoever asks for JSON and not for HTML."""
    if request.path.startswith(("/v1/", "/api/v2/", "/heartbeat/", "/mail-events/")) or request.path.endswith(".json"):
        return True
    accept = request.headers.get("Accept", "")
    return "json" in accept and "html" not in accept


def error_response(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The answer to a broken rule: its sentence, its status, and when to come back if there was too much."""
    response: HttpResponse
    if wants_problem(request):
        response = problem(status=error.http_status, title=error.title, detail=error.sentence)
    else:
        from statuspage.web.selectors import site_info_or_none

        context = {"title": error.title, "sentence": error.sentence, "site": site_info_or_none()}
        # No request: an error page is the same for everyone and asks neither for a session nor for a user.
        response = HttpResponse(render_to_string("errors/domain.html", context), status=error.http_status)
    if isinstance(error, NoToken):
        response["WWW-Authenticate"] = "Bearer"
    if isinstance(error, RateLimited):
        response["Retry-After"] = str(error.retry_after_seconds)
    response["Cache-Control"] = "no-store"
    return response


def problem(*, status: int, title: str, detail: str) -> JsonResponse:
    """RFC 9457 problem details."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    response = JsonResponse(body, status=status, content_type=PROBLEM)
    response["Access-Control-Allow-Origin"] = "*"
    return response
