"""What staff screens ask for while somebody types."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from incidents.input import BODY_LENGTH
from statuspage.core.markdown import render_markdown
from statuspage.core.text import clean_text

LOGGED_OUT = "You are logged out. What you typed is still here: log in in another tab, then go on."


@never_cache
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """The message as the public will read it: a fragment for HTMX, a page of its own for a plain form."""
    is_htmx = bool(request.headers.get("HX-Request"))
    if not (request.user.is_active and request.user.is_staff):
        return render(request, "admin/preview.html#fragment", {"sentence": LOGGED_OUT}, status=401)
    # The form's field has its form's prefix.
    name = next((key for key in request.POST if key == "message" or key.endswith("-message")), "message")
    text = request.POST.get(name, "")
    context: dict[str, object] = {"html": render_markdown(clean_text(text[: BODY_LENGTH + 1]))}
    if len(text) > BODY_LENGTH:
        context = {"sentence": f"The text has {len(text)} characters; at most {BODY_LENGTH} fit."}
    return render(request, "admin/preview.html#fragment" if is_htmx else "admin/preview.html", context)
