"""What staff screens ask for while somebody types."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from incidents.forms_words import BLANK_PREFIX
from incidents.input import BODY_LENGTH
from incidents.templates import fill_known
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
    # The form's fields have its form's prefix.
    blanks = {key.split(BLANK_PREFIX, 1)[1]: key for key in request.POST if BLANK_PREFIX in key}
    names = (key for key in request.POST if (key == "message" or key.endswith("-message")) and BLANK_PREFIX not in key)
    text = request.POST.get(next(names, "message"), "")
    if len(text) <= BODY_LENGTH:
        text = fill_known(text, {blank: request.POST[key] for blank, key in blanks.items()})
    context: dict[str, object] = {"html": render_markdown(clean_text(text[: BODY_LENGTH + 1]))}
    if len(text) > BODY_LENGTH:
        context = {"sentence": f"The text has {len(text)} characters; at most {BODY_LENGTH} fit."}
    return render(request, "admin/preview.html#fragment" if is_htmx else "admin/preview.html", context)
