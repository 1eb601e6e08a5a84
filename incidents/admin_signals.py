"""Signals in the console: what machines told us, and saying that somebody has it in hand or that it is over."""

import json
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin
from incidents.enums import SignalState
from incidents.models import Signal
from incidents.signals import acknowledge_signal, resolve_signal
from statuspage.core.errors import InvalidTransition

STATE_CSS = {SignalState.FIRING: "down", SignalState.ACKNOWLEDGED: "slow", SignalState.RESOLVED: "ok"}


class SignalStateFilter(admin.SimpleListFilter):
    """What is not over, unless one asks for the rest."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*SignalState.choices, ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Signal]) -> QuerySet[Signal]:
        if self.value() == "all":
            return queryset
        if self.value() in SignalState.values:
            return queryset.filter(state=self.value())
        return queryset.exclude(state=SignalState.RESOLVED)

    def choices(self, changelist: Any) -> Any:
        """The first choice is no choice: say what it means."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "Not resolved"}
        yield from others


@admin.register(Signal)
class SignalAdmin(ReadOnlyAdmin[Signal]):
    list_display = ("title", "state_chip", "detail", "pages", "began", "times", "component", "source")
    list_filter = (SignalStateFilter, "source", "pages", "component")
    list_select_related = ("component",)
    list_per_page = 100
    search_fields = ("title", "detail", "fingerprint")
    date_hierarchy = "first_at"
    actions = ("acknowledge", "resolve")
    fields = (
        "title",
        "state_chip",
        "detail",
        "component",
        "source",
        "fingerprint",
        "pages",
        "first_at",
        "last_at",
        "times",
        "acknowledged_at",
        "acknowledged_by",
        "resolved_at",
        "resolved_by",
        "evidence_shown",
    )

    def has_answer_permission(self, request: HttpRequest) -> bool:
        """What a signal says is the machine's; what is done about it is whoever's may change signals."""
        return request.user.has_perm("incidents.change_signal")

    @admin.action(description="Acknowledge: somebody has it in hand", permissions=["answer"])
    def acknowledge(self, request: HttpRequest, queryset: QuerySet[Signal]) -> TemplateResponse | None:
        if "confirmed" not in request.POST:
            return self._ask(request, queryset, action="acknowledge", verb="Acknowledge")
        done = 0
        for signal in queryset:
            try:
                acknowledge_signal(signal=signal, actor=request.user.get_username())
            except InvalidTransition as error:
                messages.warning(request, str(error))
            else:
                done += 1
        messages.success(request, f"Acknowledged: {done}.")
        return None

    @admin.action(description="Resolve: it is over", permissions=["answer"])
    def resolve(self, request: HttpRequest, queryset: QuerySet[Signal]) -> TemplateResponse | None:
        if "confirmed" not in request.POST:
            return self._ask(request, queryset, action="resolve", verb="Resolve")
        open_ones = [signal.fingerprint for signal in queryset if not signal.is_resolved]
        actor = request.user.get_username()
        done = sum(resolve_signal(fingerprint=fingerprint, actor=actor) for fingerprint in open_ones)
        messages.success(request, f"Resolved: {done}. What still is not right stays quiet until it begins anew.")
        return None

    def _ask(self, request: HttpRequest, queryset: QuerySet[Signal], *, action: str, verb: str) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"{verb} {queryset.count()} signals?",
            "verb": verb,
            "action": action,
            "checkbox": ACTION_CHECKBOX_NAME,
            "signals": queryset,
        }
        return TemplateResponse(request, "admin/incidents/signal/confirm.html", context)

    @admin.display(description="State", ordering="state")
    def state_chip(self, signal: Signal) -> SafeString:
        state = SignalState(signal.state)
        return format_html('<span class="chip {}">{}</span>', STATE_CSS[state], state.label)

    @admin.display(description="Began (UTC)", ordering="first_at")
    def began(self, signal: Signal) -> str:
        return f"{signal.first_at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="Times", ordering="count")
    def times(self, signal: Signal) -> int:
        return signal.count

    @admin.display(description="Evidence")
    def evidence_shown(self, signal: Signal) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(signal.evidence, ensure_ascii=False, indent=2))
