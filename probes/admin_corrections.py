"""Corrections in the console: a list, a form to leave a time out, and a page to take it back. Nothing is edited."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ModelAdmin, ModelForm
from components.models import Component
from probes.corrections import check, exclude, withdraw
from probes.models import REASON_LENGTH, Correction
from statuspage.core.errors import DomainError, ValidationFailed


class CorrectionForm(ModelForm[Correction]):
    class Meta:
        model = Correction
        fields = ("kind", "components", "starts_at", "ends_at", "reason", "incident", "maintenance")
        widgets = {"components": forms.CheckboxSelectMultiple}
        help_texts = {
            "starts_at": "UTC. Every five minutes that the time touches are left out.",
            "ends_at": "UTC. Only what is over can be left out.",
        }

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        names = ("components", "starts_at", "ends_at", "kind", "reason")
        if all(name in said for name in names):
            try:
                check(**{name: said[name] for name in names})
            except ValidationFailed as error:
                self.add_error(error.field, error.sentence)
            except DomainError as error:
                self.add_error(None, error.sentence)
        return said


class ReasonForm(forms.Form):
    reason = forms.CharField(max_length=REASON_LENGTH, help_text="Everybody can read it.")


@admin.register(Correction)
class CorrectionAdmin(ModelAdmin[Correction]):
    form = CorrectionForm
    list_display = ("__str__", "reason", "author", "created_at", "is_valid")
    list_filter = ("kind", ("withdrawn_at", admin.EmptyFieldListFilter), "components")
    search_fields = ("reason", "author", "=public_id")
    date_hierarchy = "starts_at"
    ordering = ("-created_at", "-pk")
    raw_id_fields = ("incident", "maintenance")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.withdraw_view)
        return [path("<int:pk>/withdraw/", view, name="probes_correction_withdraw"), *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: Correction | None = None) -> bool:
        """Of corrections at all, which is to withdraw them. One that is there is looked at: it has nothing to save."""
        return obj is None and super().has_change_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Correction | None = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Correction | None = None) -> Any:
        fields = list(CorrectionForm.Meta.fields)
        if obj is None:
            return fields
        shown = [*fields, "author", "created_at", "withdrawn_at", "withdrawn_by", "withdrawn_reason", "audit"]
        # Who may only look is led to no page that refuses them.
        return [*shown, "undo"] if self.has_change_permission(request) else shown

    def get_readonly_fields(self, request: HttpRequest, obj: Correction | None = None) -> Any:
        return [] if obj is None else self.get_fields(request, obj)

    def save_model(self, request: HttpRequest, obj: Correction, form: Any, change: bool) -> None:
        """A new one goes through the service."""
        said = form.cleaned_data
        made = exclude(
            **{name: said[name] for name in CorrectionForm.Meta.fields},
            author=request.user.get_username(),
        )
        obj.pk = made.pk

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The service has written the components."""

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_change_permission(request):
            raise PermissionDenied
        correction = get_object_or_404(Correction, pk=pk)
        form = ReasonForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                withdraw(correction=correction, author=request.user.get_username(), reason=form.cleaned_data["reason"])
            except DomainError as error:
                messages.error(request, error.sentence)
            else:
                self.log_change(request, correction, "Withdrawn.")
                messages.success(request, "Withdrawn: its time counts again as it was measured.")
            return HttpResponseRedirect(reverse("admin:probes_correction_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": "Withdraw a correction",
            "explanation": f"{correction}. Its time will count again as it was measured.",
            "button": "Withdraw it",
            "form": form,
        }
        return TemplateResponse(request, "admin/probes/correction/reason.html", context)

    @admin.display(description="Valid", boolean=True)
    def is_valid(self, correction: Correction) -> bool:
        return not correction.is_withdrawn

    @admin.display(description="Figures before and after")
    def audit(self, correction: Correction) -> SafeString:
        names = dict(Component.objects.filter(corrections=correction).values_list("pk", "name"))
        lines = [
            f"{one.at:%Y-%m-%d %H:%M} UTC  {names.get(one.component_id, one.component_id)} on {one.date}: "
            f"{_said(one.before)} → {_said(one.after)}"
            for one in correction.effects.all()
        ]
        return format_html("<pre>{}</pre>", "\n".join(lines))

    @admin.display(description="Take it back")
    def undo(self, correction: Correction) -> str | SafeString:
        if correction.is_withdrawn:
            return "Withdrawn."
        address = reverse("admin:probes_correction_withdraw", args=[correction.pk])
        return format_html('<a class="act small" href="{}">Withdraw this correction</a>', address)


def _said(figures: dict[str, int]) -> str:
    return ", ".join(f"{number} {name}" for name, number in figures.items() if number) or "nothing"
