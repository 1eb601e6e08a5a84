"""Actions on chosen rows that are asked about first: what is meant, for which of them, and why."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import ModelAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from statuspage.core.errors import DomainError
from subscriptions.admin_parts import ReasonForm

ASK_TEMPLATE = "admin/subscriptions/ask.html"
NAMES_SHOWN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`name` is the action's; `does` makes of one row and the reason what is written in the console's log."""

    name: str
    title: str
    explanation: str
    button: str
    done: str
    does: Callable[[Any, str], None]
    asks_why: bool = True


def ask_then_do[M: Model](
    request: HttpRequest,
    model_admin: "ModelAdmin[Any]",
    rows: QuerySet[M],
    question: Question,
    *,
    name_of: Callable[[M], str],
) -> TemplateResponse | None:
    """The page that asks, or None when all is done: then Django goes back to the list.

    A row for which it makes no sense says so and holds up none of the others.
    """
    form = ReasonForm(request.POST if "confirmed" in request.POST else None)
    if "confirmed" not in request.POST or (question.asks_why and not form.is_valid()):
        return _ask(request, model_admin, rows, question, form=form, name_of=name_of)
    reason = form.cleaned_data["reason"] if question.asks_why else ""
    done = 0
    for row in rows.order_by("pk"):
        try:
            question.does(row, reason)
        except DomainError as error:
            messages.warning(request, error.sentence)
        else:
            done += 1
    if done:
        messages.success(request, f"{question.done}: {done:,}.")
    return None


def _ask[M: Model](
    request: HttpRequest,
    model_admin: "ModelAdmin[Any]",
    rows: QuerySet[M],
    question: Question,
    *,
    form: ReasonForm,
    name_of: Callable[[M], str],
) -> TemplateResponse:
    chosen: Sequence[M] = list(rows)
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": question.title,
        "question": question,
        "form": form,
        "checkbox": ACTION_CHECKBOX_NAME,
        "keys": [row.pk for row in chosen],
        "names": [name_of(row) for row in chosen[:NAMES_SHOWN]],
        "more": max(len(chosen) - NAMES_SHOWN, 0),
    }
    return TemplateResponse(request, ASK_TEMPLATE, context)
