"""`GET /v1/status/intervals.json` and `.csv`: the five-minute intervals behind a figure, to count them oneself.

`?component=api` and a window: `month=2026-10`, or `from` and `to` (a day of the page's zone, or a moment with its
offset), at most a hundred days; without one, the last 24 hours.
"""

import csv
import io
from collections import Counter
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from components.models import Component, Page
from components.uptime import floored_percentage
from probes.objectives.evidence import CountsAs, Evidence, evidence
from statuspage.core import clock
from statuspage.web.api.answers import json_answer, number, public_api, rfc3339
from statuspage.web.api.parameters import read_component, read_parameters, read_window

PARAMETERS = ("component", "month", "from", "to")
COLUMNS = ("interval_start", "state", "counts_as", "ok", "fail", "errors", "reason")
# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


@public_api
def intervals_json(request: HttpRequest) -> HttpResponse:
    component, begin, end = _asked(request)
    rows = list(evidence(component, begin, end))
    return json_answer(intervals_document(component, begin, end, rows))


@public_api
def intervals_csv(request: HttpRequest) -> HttpResponse:
    component, begin, end = _asked(request)
    response = HttpResponse(write_csv(list(evidence(component, begin, end))), content_type="text/csv; charset=utf-8")
    name = f"{component.slug}-{begin:%Y%m%dT%H%MZ}-{end:%Y%m%dT%H%MZ}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _asked(request: HttpRequest) -> tuple[Component, datetime, datetime]:
    parameters = read_parameters(request, PARAMETERS)
    component = read_component(parameters)
    begin, end = read_window(parameters, zone=Page.current().zone, now=clock.now())
    return component, begin, end


def intervals_document(component: Component, begin: datetime, end: datetime, rows: list[Evidence]) -> dict[str, Any]:
    """The sums beside the intervals they are made of."""
    counted = Counter(row.counts_as for row in rows)
    good, bad, unknown = (counted[word] for word in (CountsAs.GOOD, CountsAs.BAD, CountsAs.UNKNOWN))
    return {
        "component": component.slug,
        "name": component.name,
        "windowStart": rfc3339(begin),
        "windowEnd": rfc3339(end),
        "good": good,
        "bad": bad,
        "excluded": counted[CountsAs.LEFT_OUT],
        "unknown": unknown,
        "availability": number(floored_percentage(good, good + bad)),
        "coverage": number(floored_percentage(good + bad, good + bad + unknown)),
        "intervals": [
            {
                "start": rfc3339(row.starts_at),
                "state": row.state,
                "countsAs": row.counts_as.value,
                "ok": row.ok,
                "fail": row.fail,
                "errors": row.errors,
                "reason": row.reason or None,
            }
            for row in rows
        ],
    }


def write_csv(rows: list[Evidence]) -> str:
    """RFC 4180, with a header; times are RFC 3339 UTC."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows(
        (
            rfc3339(row.starts_at),
            row.state,
            row.counts_as.value,
            row.ok,
            row.fail,
            row.errors,
            no_formula(row.reason),
        )
        for row in rows
    )
    return out.getvalue()


def no_formula(text: str) -> str:
    """The text as a spreadsheet shows it and does not run it."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULAS) else text
