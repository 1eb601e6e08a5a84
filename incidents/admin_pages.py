"""Pages that staff write, in the console: Markdown with what it becomes beside it, and a link to it."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ModelForm, PageTouchingAdmin
from incidents.models import ContentPage
from statuspage.core.markdown import render_markdown

PLACES = [
    ("footer", "At the foot of every page"),
    ("incident", "Beside an incident"),
    ("report", "Where problems are reported"),
]
LONGEST_PAGE = 100_000


class ContentPageForm(ModelForm[ContentPage]):
    places = forms.MultipleChoiceField(
        label="Linked", choices=PLACES, required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ContentPage
        fields = ("title", "slug", "body", "places", "position", "is_published")

    def clean_body(self) -> str:
        body: str = self.cleaned_data["body"]
        if len(body) > LONGEST_PAGE:
            raise forms.ValidationError(f"At most {LONGEST_PAGE} characters fit.")
        return body


@admin.register(ContentPage)
class ContentPageAdmin(PageTouchingAdmin[ContentPage]):
    form = ContentPageForm
    list_display = ("title", "address", "linked", "is_published", "position")
    list_filter = ("is_published",)
    search_fields = ("title", "slug", "body")
    prepopulated_fields = {"slug": ("title",)}
    readonly_fields = ("preview",)
    ordering = ("position", "slug")
    fields = ("title", "slug", "body", "preview", "places", "position", "is_published")

    def get_prepopulated_fields(self, request: HttpRequest, obj: ContentPage | None = None) -> dict[str, Any]:
        """An address that is known stays when the title changes."""
        return {} if obj else dict(super().get_prepopulated_fields(request, obj))

    def view_on_site(self, obj: ContentPage) -> str | None:
        return obj.get_absolute_url() if obj.is_published else None

    @admin.display(description="As the public reads it")
    def preview(self, page: ContentPage) -> SafeString:
        return format_html(
            '<div class="console"><div class="preview body">{}</div></div>',
            SafeString(render_markdown(page.body)) if page.body else "It is shown here once it is saved.",
        )

    @admin.display(description="Address", ordering="slug")
    def address(self, page: ContentPage) -> SafeString | str:
        path = page.get_absolute_url()
        return format_html('<a href="{}">{}</a>', path, path) if page.is_published else "not published"

    @admin.display(description="Linked", empty_value="–")
    def linked(self, page: ContentPage) -> str | None:
        return ", ".join(dict(PLACES).get(place, place) for place in page.places) or None
