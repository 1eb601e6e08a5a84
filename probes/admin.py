"""Probes in the console: facts to look at, and a pause. What a probe is comes from the configuration."""

import json
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin, RetiredFilter
from probes.admin_metrics import MetricAdmin
from probes.admin_objectives import ObjectiveAdmin, SlaPolicyAdmin
from probes.checkers.fields import hide_user_info
from probes.models import Probe, ProbeLocation
from probes.services import pause_probe, resume_probe
from probes.states import ProbeState
from statuspage.core.durations import format_duration

__all__ = ["MetricAdmin", "ObjectiveAdmin", "ProbeAdmin", "SlaPolicyAdmin"]

NOTHING = "–"
STATE_CSS = {
    ProbeState.UNKNOWN: "none",
    ProbeState.UP: "ok",
    ProbeState.SUSPECT: "slow",
    ProbeState.DOWN: "down",
    ProbeState.RECOVERING: "slow",
}


@admin.register(Probe)
class ProbeAdmin(ReadOnlyAdmin[Probe]):
    list_display = ("name", "state_chip", "detail", "latency", "checked", "component", "kind", "every", "runs")
    list_filter = ("kind", "locations__state", "is_enabled", RetiredFilter, "component")
    list_select_related = ("component", "severity")
    list_per_page = 100
    search_fields = ("name", "slug", "component__name")
    ordering = ("component__position", "pk")
    actions = ("pause", "resume")
    fieldsets = (
        ("Now", {"fields": ("state_chip", "detail", "latency", "checked", "missed", "runs")}),
        (
            "From the configuration",
            {
                "fields": (
                    "name",
                    "slug",
                    "component",
                    "kind",
                    "settings_shown",
                    "every",
                    "gives_up_after",
                    "slow_above",
                    "failure_threshold",
                    "recovery_threshold",
                    "opens_incident",
                    "severity",
                    "allow_private",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Probe]:
        here = ProbeLocation.objects.filter(location=settings.PROBE_LOCATION)
        return super().get_queryset(request).prefetch_related(Prefetch("locations", here, to_attr="here"))

    def has_pause_permission(self, request: HttpRequest) -> bool:
        """A probe's row is the configuration's; its pause is whoever's may change probes."""
        return request.user.has_perm("probes.change_probe")

    @admin.action(description="Pause: check no more, say nothing", permissions=["pause"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Probe]) -> None:
        for probe in queryset:
            pause_probe(probe=probe)
        messages.success(request, f"Paused: {_names(queryset)}.")

    @admin.action(description="Resume", permissions=["pause"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Probe]) -> None:
        for probe in queryset:
            resume_probe(probe=probe)
        messages.success(request, f"Resumed: {_names(queryset)}.")

    @admin.display(description="State")
    def state_chip(self, probe: Probe) -> SafeString:
        row = _here(probe)
        state = ProbeState(row.state) if row else ProbeState.UNKNOWN
        return format_html('<span class="chip {}">{}</span>', STATE_CSS[state], state.label)

    @admin.display(description="Last result")
    def detail(self, probe: Probe) -> str:
        row = _here(probe)
        return (row and row.last_detail) or NOTHING

    @admin.display(description="Latency")
    def latency(self, probe: Probe) -> str:
        row = _here(probe)
        return NOTHING if row is None or row.last_latency_ms is None else f"{row.last_latency_ms:.0f} ms"

    @admin.display(description="Checked (UTC)")
    def checked(self, probe: Probe) -> str:
        row = _here(probe)
        return f"{row.last_result_at:%Y-%m-%d %H:%M:%S}" if row and row.last_result_at else NOTHING

    @admin.display(description="Checks missed")
    def missed(self, probe: Probe) -> int:
        row = _here(probe)
        return row.missed if row else 0

    @admin.display(description="Every", ordering="interval")
    def every(self, probe: Probe) -> str:
        return format_duration(probe.interval)

    @admin.display(description="Gives up after")
    def gives_up_after(self, probe: Probe) -> str:
        return format_duration(probe.timeout)

    @admin.display(description="Degraded above")
    def slow_above(self, probe: Probe) -> str:
        return format_duration(probe.degraded_above) if probe.degraded_above else NOTHING

    @admin.display(description="Runs", boolean=True)
    def runs(self, probe: Probe) -> bool:
        return probe.is_active

    @admin.display(description="Target")
    def settings_shown(self, probe: Probe) -> SafeString:
        """Without passwords and hashes."""
        shown: dict[str, Any] = {
            name: hide_user_info(value) if isinstance(value, str) else value
            for name, value in probe.config.items()
            if name != "token_hash" and value not in ("", [], None)
        }
        return format_html("<pre>{}</pre>", json.dumps(shown, ensure_ascii=False, indent=2))


def _here(probe: Probe) -> ProbeLocation | None:
    rows: list[ProbeLocation] = getattr(probe, "here", [])
    return rows[0] if rows else None


def _names(probes: QuerySet[Probe]) -> str:
    return ", ".join(probe.name for probe in probes)
