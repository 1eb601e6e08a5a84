"""Probes in the console: facts to look at, and a pause. What a probe is comes from the configuration."""

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from components.admin_base import ReadOnlyAdmin, RetiredFilter
from probes.admin_corrections import CorrectionAdmin
from probes.admin_metrics import MetricAdmin
from probes.admin_objectives import ObjectiveAdmin, SlaPolicyAdmin
from probes.checkers.fields import hide_user_info
from probes.enums import RuleKind
from probes.locations import probe_verdict
from probes.models import Probe, ProbeLocation, Rule
from probes.rules.sentences import say_number
from probes.rules.services import spec_of
from probes.rules.spec import describe_rule
from probes.services import pause_probe, resume_probe
from probes.states import ProbeState
from statuspage.core import clock
from statuspage.core.durations import format_duration

__all__ = ["CorrectionAdmin", "MetricAdmin", "ObjectiveAdmin", "ProbeAdmin", "SlaPolicyAdmin"]

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
        ("Now", {"fields": ("state_chip", "detail", "latency", "checked", "missed", "runs", "places", "rules_shown")}),
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
                    "quorum",
                    "depends_on_shown",
                    "hold",
                    "calm",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Probe]:
        rows = ProbeLocation.objects.filter(retired_at__isnull=True).select_related("probe").order_by("pk")
        return super().get_queryset(request).prefetch_related(Prefetch("locations", rows, to_attr="places_now"))

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
        if not probe.is_active:
            # What it found last says nothing of now.
            return format_html('<span class="chip none">{}</span>', "Retired" if probe.retired_at else "Paused")
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
        return sum(row.missed for row in _rows(probe))

    @admin.display(description="Locations")
    def places(self, probe: Probe) -> SafeString:
        lines = (
            (
                row.location,
                ProbeState(row.state).label,
                f"{row.last_result_at:%H:%M:%S}" if row.last_result_at else NOTHING,
            )
            for row in _rows(probe)
        )
        return format_html_join(mark_safe("<br>"), "{}: {}, checked {}", lines)

    @admin.display(description="Rules")
    def rules_shown(self, probe: Probe) -> SafeString | str:
        """Each as the configuration has it, and where it stands at each location. Two queries."""
        rules = list(probe.rules.select_related("severity").prefetch_related("states"))
        if not rules:
            return NOTHING
        lines = ((*_rule_chip(rule), describe_rule(spec_of(rule)), _rule_standing(rule)) for rule in rules)
        return format_html_join("", '<p><span class="chip {}">{}</span> {}<br>{}</p>', lines)

    @admin.display(description="Depends on")
    def depends_on_shown(self, probe: Probe) -> str:
        return ", ".join(probe.depends_on.values_list("name", flat=True)) or NOTHING

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


def _rows(probe: Probe) -> list[ProbeLocation]:
    rows: list[ProbeLocation] = getattr(probe, "places_now", [])
    return rows


def _here(probe: Probe) -> ProbeLocation | None:
    """Of several locations the one that speaks for the verdict."""
    rows = {row.location: row for row in _rows(probe)}
    now = clock.now()
    verdict = probe_verdict({name: row.standing(now) for name, row in rows.items()}, probe.quorum)
    return rows[verdict.speaker] if verdict.speaker else None


def _rule_chip(rule: Rule) -> tuple[str, str]:
    """Its colour and its word."""
    if rule.firing_since is None:
        return "ok", "Quiet"
    return "down" if rule.fails else "slow", "Waits for a dependency" if rule.is_held_back else "Fires"


def _rule_standing(rule: Rule) -> str:
    """`Since 2026-11-21 12:01 UTC: …`, and the last number at each location."""
    said = []
    if rule.firing_since is not None:
        said.append(f"Since {rule.firing_since:%Y-%m-%d %H:%M:%S} UTC: {rule.said}")
    elif rule.ceased_at is not None:
        said.append(f"Ceased {rule.ceased_at:%Y-%m-%d %H:%M:%S} UTC.")
    for state in sorted(rule.states.all(), key=lambda one: one.location):
        number = say_number(RuleKind(rule.kind), state.last_value)
        holds = f", holds since {state.since:%Y-%m-%d %H:%M:%S} UTC" if state.since else ""
        said.append(f"{state.location}: {number}{holds}.")
    return " ".join(said) or "No result yet."


def _names(probes: QuerySet[Probe]) -> str:
    return ", ".join(probe.name for probe in probes)
