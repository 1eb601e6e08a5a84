"""What people see on pages that need the database while it is gone: a kept page, or a clear 503, never a 500."""

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from statuspage.web.errors.middleware import problem, wants_problem

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 30
TITLE = "The database does not answer"
SENTENCE = "This page needs our database, which does not answer right now. Please try again in half a minute."


class DatabaseDownMiddleware:
    """Turns a lost database connection that left a view into a 503 with a sentence, and logs one line."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not is_database_down(exception):
            return None
        # A path may bring a line break (%0a), and what follows it would stand in the log as a line of our own.
        path = request.path.encode("unicode_escape").decode("ascii")
        logger.error("%s %s: the database does not answer: %s", request.method, path, exception)
        return database_down_response(request)


def is_database_down(exception: BaseException | None) -> bool:
    return isinstance(exception, (OperationalError, InterfaceError))


def database_down_response(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After, for people or (RFC 9457) for programs. Touches neither session nor user."""
    response: HttpResponse
    if wants_problem(request):
        response = problem(status=503, title=TITLE, detail=SENTENCE)
    else:
        context = {"title": TITLE, "sentence": SENTENCE, "was_sent": request.method == "POST"}
        # No request: the context processors would look for the user in the database.
        response = HttpResponse(render_to_string("errors/database_down.html", context), status=503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store"
    return response
