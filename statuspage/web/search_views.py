"""`/history/` with a query: a search, rendered for whoever asks, within bounds that keep it from harming the page.

Without one it is the same document for everybody, which the gateway serves from memory.
"""

import threading
from datetime import timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt

from statuspage.core import rate_limit
from statuspage.core.client_address import client_ip, neighbourhood
from statuspage.core.errors import RateLimited
from statuspage.web.publication.gateway import asks_for
from statuspage.web.search import PARAMETERS, PATH, search_page
from statuspage.web.views import public_document

SEARCHES_A_MINUTE = 30
# Each may look through everything that was ever said: so many at a time leave threads for the other pages. Nobody
# waits for a turn, since that would hold a thread too.
AT_ONCE = 2
BUSY = "Many people are searching at this moment. Try again in a few seconds."
running = threading.BoundedSemaphore(AT_ONCE)


@csrf_exempt
def history(request: HttpRequest) -> HttpResponseBase:
    """The newest month, or what was searched for. Raises RateLimited."""
    if request.method not in ("GET", "HEAD") or not asks_for(request.META.get("QUERY_STRING", ""), PARAMETERS):
        return public_document(request)
    if not any(request.GET.get(name, "").strip() for name in PARAMETERS):
        return HttpResponseRedirect(PATH)
    if not running.acquire(blocking=False):
        raise RateLimited(BUSY, retry_after_seconds=5)
    try:
        if not rate_limit.allow(
            f"search:{neighbourhood(client_ip(request))}", limit=SEARCHES_A_MINUTE, per=timedelta(minutes=1)
        ):
            raise RateLimited(f"At most {SEARCHES_A_MINUTE} searches a minute. Please come back in a minute.")
        return _answer(request)
    finally:
        running.release()


def _answer(request: HttpRequest) -> HttpResponse:
    found = search_page(request.GET.dict())
    context = {"found": found, "site": found.site, "form": found.form}
    response = render(request, "pages/search.html", context, status=400 if found.problem else 200)
    response["Cache-Control"] = "no-store" if found.problem else "no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    return response
