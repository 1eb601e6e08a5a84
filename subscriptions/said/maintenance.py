"""A word on a maintenance window (`incidents.notices_maintenance`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.encoding import iri_to_uri

from components.enums import ComponentStatus
from incidents.enums import MaintenanceImpact, MaintenanceStatus, NoticeKind
from incidents.maintenance.wording import DAYS_SAID_IN_HOURS
from statuspage.core.text import clean_line
from subscriptions.languages import say, say_count
from subscriptions.said.incident import ended_after
from subscriptions.said.times import in_subject, moment, soon, window, written, written_with_weekday
from subscriptions.said.words import Fact, Passage, Words, names_of, plain, some

OVER = {MaintenanceStatus.COMPLETED.value, MaintenanceStatus.CANCELLED.value}
RUNNING = {MaintenanceStatus.IN_PROGRESS.value, MaintenanceStatus.VERIFYING.value}
CSS = {MaintenanceStatus.COMPLETED.value: "over", **dict.fromkeys(RUNNING, "work")}


def words_on_maintenance(payload: Mapping[str, Any], kind: NoticeKind) -> Words:
    row, update = payload["maintenance"], payload["update"]
    zone = ZoneInfo(payload["page"]["time_zone"])
    begins = datetime.fromisoformat(row["scheduled_for"])
    is_reminder = kind is NoticeKind.MAINTENANCE_REMINDER
    state = say("Reminder") if is_reminder else say(str(MaintenanceStatus(row["status"]).label))
    title = clean_line(row["title"])
    # Once it runs, or is done, the day it was planned for is no news.
    when = "" if row["status"] in RUNNING | {MaintenanceStatus.COMPLETED} else f", {in_subject(begins, zone)}"
    posted = "" if update is None else written(moment(update["display_at"]), zone)
    return Words(
        thread=f"maintenance-{row['id']}",
        subject=f"[{state}] {title}{when}",
        title=title,
        state=state,
        about=[part for part in (_kind(row), posted) if part],
        css=CSS.get(row["status"], "none"),
        passages=_passages(row, update, begins, zone),
        facts=_facts(payload, kind, zone),
        link_label=say("Progress and details"),
        url=str(iri_to_uri(row["url"])),
    )


def _kind(row: Mapping[str, Any]) -> str:
    return say("%(kind)s maintenance", kind=row["kind_name"]) if row["kind_name"] else say("Maintenance")


def _passages(
    row: Mapping[str, Any], update: Mapping[str, Any] | None, begins: datetime, zone: ZoneInfo
) -> list[Passage]:
    if update is None:
        # Not "in 24 hours": a mail may be read, or even sent, later than it was written.
        begun = written_with_weekday(begins, zone)
        said = plain("", say("A reminder: this maintenance begins on %(time)s.", time=begun))
    else:
        said = Passage(text=update["body_markdown"], html=update["body_html"])
    if row["status"] in OVER or not row["what_to_do_markdown"]:
        return [said]
    return [said, Passage(title=say("What to do"), text=row["what_to_do_markdown"], html=row["what_to_do_html"])]


def _facts(payload: Mapping[str, Any], kind: NoticeKind, zone: ZoneInfo) -> list[Fact]:
    row, components = payload["maintenance"], payload["components"]
    if row["status"] in OVER:
        planned = [*some((say("Was planned for"), _window(row, zone))), *_course(row, zone)]
        return [*planned, *some((say("Worked on") if row["started_at"] else say("Concerned"), names_of(components)))]
    return [
        *some((say("When"), _window(row, zone))),
        *_course(row, zone),
        *some(
            ("", _downtime(row["expects_downtime"])),
            (say("Impact"), _impact(row)),
            # Payloads of before do not say whether it was announced later than its kind's rule says.
            (say("Why at short notice") if row.get("short_notice") else say("Why"), _reason(payload, kind)),
            (say("Affects"), _affected(components)),
            (say("Regions"), ", ".join(row["regions"])),
        ),
    ]


def _window(row: Mapping[str, Any], zone: ZoneInfo) -> str:
    begins, ends = datetime.fromisoformat(row["scheduled_for"]), datetime.fromisoformat(row["scheduled_until"])
    return window(begins, ends, zone)


def _course(row: Mapping[str, Any], zone: ZoneInfo) -> list[Fact]:
    """What became of the plan."""
    started, completed = moment(row["started_at"]), moment(row["completed_at"])
    ended = ""
    if started is not None and completed is not None:
        ended = ended_after(completed, completed - started, zone)
    return some(
        (say("At first announced until"), _if_other(row["announced_until"], row["scheduled_until"], zone)),
        (say("Began"), written(started, zone)),
        (say("Done"), ended),
        (say("Now"), row["phase"] if row["status"] in RUNNING else ""),
        (say("Now expected to end"), written(moment(row["estimated_until"]), zone)),
    )


def _if_other(first: str | None, now: str, zone: ZoneInfo) -> str:
    return "" if first == now else soon(moment(first), zone, said_at=moment(now))


def _reason(payload: Mapping[str, Any], kind: NoticeKind) -> str:
    """With how far ahead it was said, in the mail that says it."""
    row, update = payload["maintenance"], payload["update"]
    announced = None if update is None else moment(update["display_at"])
    if not row["reason"] or announced is None or kind is not NoticeKind.MAINTENANCE_SCHEDULED:
        return str(row["reason"])
    return f"{row['reason'].rstrip('.')} ({_announced(datetime.fromisoformat(row['scheduled_for']) - announced)})"


def _affected(components: Sequence[Mapping[str, Any]]) -> str:
    stays = ComponentStatus.OPERATIONAL.value
    return ", ".join(
        say("%(name)s (stays operational)", name=one["name"]) if one["status"] == stays else one["name"]
        for one in components
    )


def _downtime(expects_downtime: bool | None) -> str:  # noqa: FBT001 -- the column's three values
    if expects_downtime is None:
        return ""
    return say("Downtime is expected.") if expects_downtime else say("No downtime is expected.")


def _impact(row: Mapping[str, Any]) -> str:
    """`low: read-only mode`, `low`, `read-only mode`; empty where nothing is said."""
    level = row["impact_level"]
    word = say(str(MaintenanceImpact(level).label).lower()) if level else ""
    return ": ".join(part for part in (word, row["impact_note"]) if part)


def _announced(ahead: timedelta) -> str:
    """`announced 76 hours ahead`, rounded down, so that never more is said than was."""
    minutes, hours = ahead // timedelta(minutes=1), ahead // timedelta(hours=1)
    if ahead <= timedelta(0):
        return say("announced after it had begun")
    if hours >= DAYS_SAID_IN_HOURS * 24:
        return say_count("announced %(number)d day ahead", "announced %(number)d days ahead", hours // 24)
    if hours:
        return say_count("announced %(number)d hour ahead", "announced %(number)d hours ahead", hours)
    if minutes:
        return say_count("announced %(number)d minute ahead", "announced %(number)d minutes ahead", minutes)
    return say("announced less than a minute ahead")
