"""Prepared words in the console. What is wrong with a blank is said when the words are saved, not at 3 a.m."""

from typing import Any

from django.contrib import admin
from django.forms import ValidationError

from components.admin_base import ModelAdmin, ModelForm
from incidents.enums import TemplateKind
from incidents.input import BODY_LENGTH
from incidents.models import MessageTemplate
from incidents.templates import BLANK, blanks

WITH_STATUS = frozenset({TemplateKind.INCIDENT, TemplateKind.UPDATE})


class TemplateForm(ModelForm[MessageTemplate]):
    class Meta:
        model = MessageTemplate
        fields = ("name", "slug", "kind", "title", "body", "severity", "status", "components", "position")
        help_texts = {
            "title": "Of a new incident or window, or the subject of an answer. It may have blanks too.",
            "severity": "What the form begins with. For new incidents.",
            "status": "What the form begins with. For new incidents and updates.",
            "components": "What is chosen as affected, as badly as the severity says. For new incidents and updates.",
        }

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        for name in ("title", "body"):
            left = BLANK.sub("", said.get(name) or "")
            if "[[" in left or "]]" in left:
                self.add_error(
                    name,
                    ValidationError(
                        "There is a [[ or ]] that is no blank: a blank is [[name]], on one line, up to 60 characters."
                    ),
                )
        if len(said.get("body") or "") > BODY_LENGTH:
            self.add_error("body", f"At most {BODY_LENGTH} characters fit.")
        if said.get("status") == "resolved" and said.get("kind") in WITH_STATUS:
            self.add_error("status", "To resolve an incident, make it a template of the kind Resolution.")
        return said


@admin.register(MessageTemplate)
class MessageTemplateAdmin(ModelAdmin[MessageTemplate]):
    form = TemplateForm
    list_display = ("name", "kind", "blanks_in_it", "severity", "position")
    list_filter = ("kind",)
    list_select_related = ("severity",)
    search_fields = ("name", "slug", "title", "body")
    prepopulated_fields = {"slug": ("name",)}
    filter_horizontal = ("components",)
    ordering = ("kind", "position", "name")

    @admin.display(description="Blanks", empty_value="–")
    def blanks_in_it(self, template: MessageTemplate) -> str | None:
        return ", ".join(blanks(template.title, template.body)) or None
