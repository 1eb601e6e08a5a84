"""Keeping what was typed as a draft, from whichever form it was typed in."""

from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from components.models import Page
from incidents.admin_parts import author_of
from incidents.drafts import save_draft
from incidents.enums import DraftKind
from incidents.forms_words import WordsForm
from incidents.models import Draft, Incident
from statuspage.core.errors import DomainError, StaleRevision, ValidationFailed


def keeping(request: HttpRequest) -> bool:
    """Whether the button was one that keeps, and publishes nothing now."""
    return request.method == "POST" and request.POST.get("then") in {"draft", "schedule"}


def keep(
    request: HttpRequest,
    form: WordsForm,
    *,
    kind: DraftKind,
    incident: Incident | None = None,
    draft: Draft | None = None,
) -> HttpResponse | None:
    """Save the draft and go to it, or None with the refusal in the form. Raises StaleRevision for a draft that has
    another writer.
    """
    if not _is_fit(form, is_scheduled=request.POST.get("then") == "schedule"):
        return None
    try:
        row = save_draft(
            kind=kind,
            form=form.typed(),
            author=author_of(request),
            incident=incident,
            publish_at=form.cleaned_data["publish_at"] if request.POST.get("then") == "schedule" else None,
            draft=draft,
            expected_revision=cast("int | None", form.cleaned_data.get("draft_revision")) if draft else None,
        )
    except StaleRevision:
        raise
    except DomainError as error:
        form.refuse(error)
        return None
    messages.success(request, said_of(row))
    return to_draft(row)


def _is_fit(form: WordsForm, *, is_scheduled: bool) -> bool:
    """A draft may be anything, and what is wrong is said when it is published; a scheduled one is complete."""
    if not form.is_valid() and is_scheduled:
        return False
    if is_scheduled and form.cleaned_data["publish_at"] is None:
        form.refuse(ValidationFailed("publish_at", "Say when it is to be published."))
        return False
    return True


def said_of(draft: Draft) -> str:
    """What becomes of it now, in a sentence."""
    if draft.publish_at is None:
        return "Kept as a draft: nothing is published."
    zone = Page.current().zone
    local = draft.publish_at.astimezone(zone)
    utc = "" if zone.key == "UTC" else f", which is {draft.publish_at:%H:%M} UTC"
    return f"It will be published by itself on {local:%d %B %Y at %H:%M} ({zone.key}){utc}."


def to_draft(draft: Draft) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:incidents_draft_change", args=[draft.pk]))
