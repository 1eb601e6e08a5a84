"""Bringing in a list of subscribers in the console: the file, what it would change, then the import going on."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin
from incidents.forms import SentenceForm
from statuspage.core.errors import DomainError
from subscriptions.admin_parts import IMPORT_CSS, chip, key_of
from subscriptions.enums import ImportState
from subscriptions.importing.reading import COLUMNS, LARGEST_FILE, decode, ignored_columns, too_large
from subscriptions.importing.running import REASON_LENGTH, cancel_import, start_import, try_out
from subscriptions.models import SubscriberImport

TEMPLATE = "admin/subscriptions/subscriberimport/import.html"


class ImportForm(SentenceForm):
    file = forms.FileField(
        label="The list, a CSV file",
        help_text=f"UTF-8, its first line names the columns: {', '.join(COLUMNS)}. Only {COLUMNS[0]} is needed.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,text/csv,text/plain"}),
    )
    reason = forms.CharField(
        label="Where and when did they confirm?",
        max_length=REASON_LENGTH,
        help_text="Such as: confirmed on our old status page, 2023 to 2026, exported today. It is kept.",
    )


@admin.register(SubscriberImport)
class SubscriberImportAdmin(ReadOnlyAdmin[SubscriberImport]):
    list_display = ("created_at", "file_name", "state_chip", "by", "did", "reason")
    list_filter = ("state",)
    list_per_page = 50
    search_fields = ("file_name", "by", "reason")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SubscriberImport]:
        return super().get_queryset(request).defer("content")

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(
                f"<path:object_id>/{name}/",
                self.admin_site.admin_view(view),
                name=f"subscriptions_subscriberimport_{name}",
            )
            for name, view in (
                ("start", self.start_view),
                ("cancel", self.cancel_view),
                ("progress", self.progress_view),
            )
        ]
        return own + super().get_urls()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("subscriptions.add_subscriberimport"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Take the file and try it out: nobody is added by this."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = ImportForm(request.POST, request.FILES) if request.method == "POST" else ImportForm()
        if request.method == "POST" and form.is_valid():
            try:
                row = self._try_out(request, form)
            except DomainError as error:
                form.refuse(error)
            else:
                return _to(row)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Import a list of subscribers",
            "form": form,
        }
        return TemplateResponse(request, "admin/subscriptions/subscriberimport/upload.html", context)

    def _try_out(self, request: HttpRequest, form: ImportForm) -> SubscriberImport:
        file: UploadedFile[bytes] = form.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise too_large()
        text = decode(file.read())
        by = request.user.get_username()
        row = try_out(text=text, file_name=file.name or "", by=by, reason=form.cleaned_data["reason"])
        ignored = ignored_columns(text)
        if ignored:
            messages.warning(request, f"These columns mean nothing here and are passed over: {', '.join(ignored)}.")
        return row

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self._get(request, object_id)
        return TemplateResponse(request, TEMPLATE, {**self.admin_site.each_context(request), **self._context(row)})

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The fragment that a page asks for every two seconds while a worker is at it."""
        context = self._context(self._get(request, object_id))
        return TemplateResponse(request, f"{TEMPLATE}#progress", context)

    def start_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def start(row: SubscriberImport) -> None:
            start_import(row=row)
            self.log_change(request, row, "Begun.")

        return self._decide(request, object_id, start)

    def cancel_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def cancel(row: SubscriberImport) -> None:
            cancel_import(row=row)
            self.log_change(request, row, "Cancelled.")

        return self._decide(request, object_id, cancel)

    def _decide(
        self, request: HttpRequest, object_id: str, decide: Callable[[SubscriberImport], None]
    ) -> HttpResponse:
        row = self._get(request, object_id)
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            try:
                decide(row)
            except DomainError as error:
                messages.error(request, error.sentence)
        return _to(row)

    def _get(self, request: HttpRequest, object_id: str) -> SubscriberImport:
        # Whoever may import may see what became of it.
        if not (self.has_view_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        row = self.get_queryset(request).filter(pk=key_of(object_id) or 0).first()
        if row is None:
            raise Http404("There is no such import.")
        return row

    def _context(self, row: SubscriberImport) -> dict[str, Any]:
        return {
            "opts": self.opts,
            "title": row.file_name or "Import",
            "row": row,
            "state": _chip(row),
            "is_checked": row.state == ImportState.CHECKED,
            "would_write": row.added + row.changed,
        }

    @admin.display(description="State", ordering="state")
    def state_chip(self, row: SubscriberImport) -> SafeString:
        return _chip(row)

    @admin.display(description="What it did")
    def did(self, row: SubscriberImport) -> str:
        if row.state == ImportState.CHECKED:
            return "nothing yet"
        return f"{row.added:,} added, {row.changed:,} confirmed, {row.left_out:,} left out"


def _chip(row: SubscriberImport) -> SafeString:
    state = ImportState(row.state)
    return chip(IMPORT_CSS[state], state.label)


def _to(row: SubscriberImport) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:subscriptions_subscriberimport_change", args=[row.pk]))
