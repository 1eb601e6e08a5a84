"""`GET /v1/status/slo?month=2026-10`: what was promised in a month, and what became of it."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from probes.objectives.report import (
    Budget,
    Burn,
    Figures,
    MonthReport,
    ObjectiveRow,
    Part,
    SlaReport,
    Unit,
    current_month,
    month_report,
)
from statuspage.web.api.answers import json_answer, number, public_api, rfc3339
from statuspage.web.api.parameters import read_parameters


@public_api
def slo(request: HttpRequest) -> HttpResponse:
    """The month of the page's zone; without one, the month that runs."""
    parameters = read_parameters(request, ["month"])
    return json_answer(slo_document(month_report(parameters.get("month") or current_month())))


def slo_document(report: MonthReport) -> dict[str, Any]:
    return {
        "month": report.month,
        "timeZone": report.zone_name,
        "windowStart": rfc3339(report.begin),
        "windowEnd": rfc3339(report.end),
        "isRunning": report.is_running,
        "components": _components(report.rows),
        "objectives": [_objective(row) for row in report.rows],
        "misses": [
            {"month": miss.month, "objective": miss.slug, "name": miss.name, "sentence": miss.sentence}
            for miss in report.misses
        ],
        "sla": None if report.sla is None else _sla(report.sla),
    }


def _components(rows: tuple[ObjectiveRow, ...]) -> list[dict[str, Any]]:
    """Each component with every promise about it, judged by itself."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        for part in row.parts:
            slug = part.component.slug
            entry = found.setdefault(slug, {"component": slug, "name": part.component.name, "objectives": []})
            entry["objectives"].append(_terms(row) | _measured(part))
    return list(found.values())


def _objective(row: ObjectiveRow) -> dict[str, Any]:
    """All of its components together: an interval is good when all were good."""
    return (
        _terms(row)
        | {"say": row.say, "components": [component.slug for component in row.components]}
        | _figures(row.figures)
        | {
            "latencyMs": row.latency_ms,
            "met": row.met,
            "verdict": row.verdict.value,
            **_budget(row.budget),
            "burnRates": [_burn(burn) for burn in row.burn],
        }
    )


def _terms(row: ObjectiveRow) -> dict[str, Any]:
    return {
        "objective": row.slug,
        "name": row.name,
        "kind": row.kind.value,
        "window": row.window.value,
        "promise": row.promise,
        "target": number(row.target_percent),
        "limitMs": row.limit_ms,
        "windowStart": rfc3339(row.begin),
        "windowEnd": rfc3339(row.end),
        "isPartial": row.is_partial,
        "note": row.note,
    }


def _measured(part: Part) -> dict[str, Any]:
    return _figures(part.figures) | {
        "latencyMs": part.latency_ms,
        "met": {"met": True, "missed": False}.get(part.verdict.value),
        "verdict": part.verdict.value,
        **_budget(part.budget),
    }


def _figures(figures: Figures | None) -> dict[str, Any]:
    """Counts of what `unit` says; null where nothing is published."""
    if figures is None:
        keys = ("unit", "good", "bad", "excluded", "maintenance", "notOurs", "unknown", "availability", "coverage")
        return dict.fromkeys(keys)
    return {
        "unit": figures.unit.value,
        "good": figures.good,
        "bad": figures.bad,
        "excluded": figures.excluded,
        "maintenance": figures.maintenance,
        "notOurs": figures.not_ours,
        "unknown": figures.unknown,
        "availability": number(figures.availability),
        "coverage": number(figures.coverage),
    }


def _budget(budget: Budget | None) -> dict[str, Any]:
    if budget is None:
        return {"errorBudget": None, "errorBudgetLeft": None, "errorBudgetLeftMinutes": None}
    return {
        "errorBudget": budget.total,
        "errorBudgetLeft": budget.left,
        "errorBudgetLeftMinutes": budget.left_minutes if budget.unit is Unit.INTERVALS else None,
    }


def _burn(burn: Burn) -> dict[str, Any]:
    return {"hours": burn.hours, "rate": number(burn.rate), "good": burn.good, "bad": burn.bad}


def _sla(sla: SlaReport) -> dict[str, Any]:
    return {
        "name": sla.name,
        "window": sla.window.value,
        "windowStart": rfc3339(sla.begin),
        "windowEnd": rfc3339(sla.end),
        "components": [component.slug for component in sla.components],
        "note": sla.note,
        **_figures(sla.figures),
        "tiers": [
            {
                "tier": tier.slug,
                "name": tier.name,
                "target": number(tier.target),
                "met": {"met": True, "missed": False}.get(tier.verdict.value),
                "creditPct": number(tier.credit),
                "credits": [{"below": number(band.below), "creditPct": number(band.credit)} for band in tier.bands],
                **_budget(tier.budget),
            }
            for tier in sla.tiers
        ],
    }
