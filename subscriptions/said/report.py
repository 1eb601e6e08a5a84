"""The report of a month (`probes.monthly_report`): the missed promises first, then each component."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.encoding import iri_to_uri
from django.utils.formats import get_format

from statuspage.core.text import clean_line
from subscriptions.languages import say, say_count
from subscriptions.said.times import lasting, month_of
from subscriptions.said.words import Fact, Passage, Words, plain, some

# A mail is no place for a table of a thousand rows; the page has them all.
COMPONENTS_IN_MAIL = 100
NBSP = "\N{NO-BREAK SPACE}"
MET, MISSED = "met", "missed"


def words_on_report(payload: Mapping[str, Any]) -> Words:
    report, objectives = payload["report"], payload["objectives"]
    year, month = (int(number) for number in report["month"].split("-"))
    title, state, verdict = month_of(year, month), say("Monthly report"), _verdict(objectives)
    missed = _of(objectives, MISSED)
    return Words(
        thread=f"report-{report['month']}",
        subject=f"[{state}] {title}" + (f": {verdict}" if verdict else ""),
        title=title,
        state=state,
        about=[verdict] if verdict else [],
        css="major" if missed else "over" if _of(objectives, MET) else "none",
        passages=_passages(payload["components"], missed),
        facts=[
            *_facts_of_objectives(objectives),
            *_facts_of_incidents(payload["incidents"]),
            *some((say("Maintenance"), _maintenance(payload["maintenance"]))),
        ],
        link_label=say("The whole report"),
        url=str(iri_to_uri(report["url"])),
    )


def _of(objectives: Sequence[Mapping[str, Any]], verdict: str) -> list[Mapping[str, Any]]:
    return [one for one in objectives if one["verdict"] == verdict]


def _verdict(objectives: Sequence[Mapping[str, Any]]) -> str:
    """`3 of 4 objectives met`; empty where none could be judged."""
    met, missed = len(_of(objectives, MET)), len(_of(objectives, MISSED))
    if not met + missed:
        return ""
    return say_count(
        "%(met)d of %(number)d objective met", "%(met)d of %(number)d objectives met", met + missed, met=met
    )


def _passages(components: Sequence[Mapping[str, Any]], missed: Sequence[Mapping[str, Any]]) -> list[Passage]:
    lines = [_component(one) for one in components[:COMPONENTS_IN_MAIL]]
    more = len(components) - COMPONENTS_IN_MAIL
    if more > 0:
        lines.append(say_count("%(number)d more on the page", "%(number)d more on the page", more))
    misses = [plain(say("Missed"), "\n".join(_missed(one) for one in missed))] if missed else []
    return [*misses, plain(say("Availability"), "\n".join(lines))]


def _missed(objective: Mapping[str, Any]) -> str:
    """The promise is the operator's or the page's own words."""
    name, promise = clean_line(objective["name"]), clean_line(objective["promise"])
    return say("%(name)s: %(figure)s, promised: %(promise)s", name=name, figure=_figure(objective), promise=promise)


def _figure(objective: Mapping[str, Any]) -> str:
    if objective["figure"] is None:
        return say("not measured")
    if objective["figure_kind"] == "ms":
        return f"{Decimal(objective['figure']):.0f}{NBSP}ms"
    return _percent(objective["figure"])


def _component(component: Mapping[str, Any]) -> str:
    name = " - ".join(clean_line(part) for part in (component["group"], component["name"]) if part)
    line = f"{name}: {_percent(component['availability'])}"
    if Decimal(component["coverage"]) == 100:
        return line
    measured = _percent(component["coverage"])
    return say("%(figure)s (%(coverage)s of the time was measured)", figure=line, coverage=measured)


def _percent(number: str) -> str:
    """`99.98 %`, or `99,98 %` by the reader's language; a whole hundred without decimals. It is floored already."""
    said = "100" if Decimal(number) == 100 else number.replace(".", get_format("DECIMAL_SEPARATOR"))
    return f"{said}{NBSP}%"


def _facts_of_objectives(objectives: Sequence[Mapping[str, Any]]) -> list[Fact]:
    judged = _of(objectives, MET) + _of(objectives, MISSED)
    others = [one for one in objectives if one not in judged]
    met = [f"{clean_line(one['name'])} ({_figure(one)})" for one in _of(objectives, MET)]
    return some(
        (say("Met"), ", ".join(met)), (say("Without a figure"), ", ".join(clean_line(one["name"]) for one in others))
    )


def _facts_of_incidents(incidents: Mapping[str, Any]) -> list[Fact]:
    """The longest is not named if it has become private since."""
    if not incidents["count"]:
        return [Fact(label=say("Incidents"), value=say("none"))]
    found, longest = [Fact(label=say("Incidents"), value=_counted(incidents))], incidents["longest"]
    if longest is not None:
        named = f"{longest['reference']}, {clean_line(longest['title'])} ({_lasting(longest)})"
        found += some((say("The longest") if incidents["count"] > 1 else "", named))
    return found


def _maintenance(maintenance: Mapping[str, Any]) -> str:
    return _counted(maintenance) if maintenance["count"] else ""


def _counted(sums: Mapping[str, Any]) -> str:
    """`3, for 2 hours 5 minutes in all`."""
    return say("%(number)d, for %(duration)s in all", number=sums["count"], duration=_lasting(sums))


def _lasting(sums: Mapping[str, Any]) -> str:
    return lasting(timedelta(seconds=sums["seconds"]))
