"""What Django answers when it cannot: a friendly page for people, problem details for programs."""

import sys
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from statuspage.web.errors.database_down import database_down_response, is_database_down
from statuspage.web.errors.middleware import problem, wants_problem
from statuspage.web.selectors import site_info_or_none


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- Django's signature
    return _page(request, HTTPStatus.BAD_REQUEST, "The request could not be understood.")


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- the same
    return _page(request, HTTPStatus.FORBIDDEN, "This is not allowed.")


def form_expired(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- Django's signature
    """A staff form without the token of its session: most often the login ran out while it was open."""
    return _page(request, HTTPStatus.FORBIDDEN, "Your login has run out. Go back, copy your text, and log in again.")


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 -- the same
    return _page(request, HTTPStatus.NOT_FOUND, "There is no page at this address.")


def server_error(request: HttpRequest) -> HttpResponse:
    """Something of ours is broken: this page depends on nothing else of ours."""
    if is_database_down(sys.exception()):
        return database_down_response(request)
    if wants_problem(request):
        return problem(status=500, title="Something broke here", detail="It has been logged. Please try again.")
    return HttpResponse(render_to_string("errors/500.html"), status=500)


def _page(request: HttpRequest, status: HTTPStatus, sentence: str) -> HttpResponse:
    if wants_problem(request):
        return problem(status=status, title=status.phrase, detail=sentence)
    context = {"site": site_info_or_none()}
    response = HttpResponse(render_to_string(f"errors/{status.value}.html", context), status=status)
    response["Cache-Control"] = "no-store"
    return response
