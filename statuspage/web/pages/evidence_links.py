"""Where the intervals behind a figure are: for each of its components the CSV of exactly the time that was judged."""

from collections.abc import Iterable
from datetime import datetime

from probes.objectives.report import ComponentRef, MonthReport

type Links = tuple[tuple[str, str], ...]


def interval_links(report: MonthReport, components: Iterable[ComponentRef], begin: datetime, end: datetime) -> Links:
    """(name, path) of each component. The time is that of the figure, which need not be the month: a promise that
    began in it, or one over thirty days, has its own."""
    query = f"from={_utc(begin)}&to={_utc(end)}"
    if (begin, end) == (report.begin, report.end):
        query = f"month={report.month}"
    return tuple((one.name, f"/v1/status/intervals.csv?component={one.slug}&{query}") for one in components)


def _utc(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
