"""A word on a maintenance window (`incidents.notices_maintenance`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.encoding import iri_to_uri

from components.enums import ComponentStatus
from incidents.enums import MaintenanceStatus, NoticeKind
from incidents.maintenance.wording import announced_phrase, downtime_sentence, impact_phrase
from statuspage.core.durations import say_duration
from statuspage.core.text import clean_line
from subscriptions.said.times import in_subject, moment, soon, window, written
from subscriptions.said.words import Fact, Passage, Words, names_of, plain, some

OVER = {MaintenanceStatus.COMPLETED.value, MaintenanceStatus.CANCELLED.value}
RUNNING = {MaintenanceStatus.IN_PROGRESS.value, MaintenanceStatus.VERIFYING.value}
CSS = {MaintenanceStatus.COMPLETED.value: "over", **dict.fromkeys(RUNNING, "work")}


def words_on_maintenance(payload: Mapping[str, Any], kind: NoticeKind) -> Words:
    row, update = payload["maintenance"], payload["update"]
    zone = ZoneInfo(payload["page"]["time_zone"])
    begins = datetime.fromisoformat(row["scheduled_for"])
    is_reminder = kind is NoticeKind.MAINTENANCE_REMINDER
    state = "Reminder" if is_reminder else str(MaintenanceStatus(row["status"]).label)
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
        link_label="Progress and details",
        url=str(iri_to_uri(row["url"])),
    )


def _kind(row: Mapping[str, Any]) -> str:
    return f"{row['kind_name']} maintenance" if row["kind_name"] else "Maintenance"


def _passages(
    row: Mapping[str, Any], update: Mapping[str, Any] | None, begins: datetime, zone: ZoneInfo
) -> list[Passage]:
    if update is None:
        # Not "in 24 hours": a mail may be read, or even sent, later than it was written.
        said = plain(
            "", f"A reminder: this maintenance begins on {begins.astimezone(zone):%A} {written(begins, zone)}."
        )
    else:
        said = Passage(text=update["body_markdown"], html=update["body_html"])
    if row["status"] in OVER or not row["what_to_do_markdown"]:
        return [said]
    return [said, Passage(title="What to do", text=row["what_to_do_markdown"], html=row["what_to_do_html"])]


def _facts(payload: Mapping[str, Any], kind: NoticeKind, zone: ZoneInfo) -> list[Fact]:
    row, components = payload["maintenance"], payload["components"]
    if row["status"] in OVER:
        planned = [*some(("Was planned for", _window(row, zone))), *_course(row, zone)]
        return [*planned, *some(("Worked on" if row["started_at"] else "Concerned", names_of(components)))]
    return [
        *some(("When", _window(row, zone))),
        *_course(row, zone),
        *some(
            ("", downtime_sentence(row["expects_downtime"])),
            ("Impact", impact_phrase(row["impact_level"], row["impact_note"])),
            # Payloads of before do not say whether it was announced later than its kind's rule says.
            ("Why at short notice" if row.get("short_notice") else "Why", _reason(payload, kind)),
            ("Affects", _affected(components)),
            ("Regions", ", ".join(row["regions"])),
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
        ended = f"{written(completed, zone)}, after {say_duration(completed - started)}"
    return some(
        ("At first announced until", _if_other(row["announced_until"], row["scheduled_until"], zone)),
        ("Began", written(started, zone)),
        ("Done", ended),
        ("Now", row["phase"] if row["status"] in RUNNING else ""),
        ("Now expected to end", written(moment(row["estimated_until"]), zone)),
    )


def _if_other(first: str | None, now: str, zone: ZoneInfo) -> str:
    return "" if first == now else soon(moment(first), zone, said_at=moment(now))


def _reason(payload: Mapping[str, Any], kind: NoticeKind) -> str:
    """With how far ahead it was said, in the mail that says it."""
    row, update = payload["maintenance"], payload["update"]
    announced = None if update is None else moment(update["display_at"])
    if not row["reason"] or announced is None or kind is not NoticeKind.MAINTENANCE_SCHEDULED:
        return str(row["reason"])
    return f"{row['reason'].rstrip('.')} ({announced_phrase(announced, datetime.fromisoformat(row['scheduled_for']))})"


def _affected(components: Sequence[Mapping[str, Any]]) -> str:
    stays = ComponentStatus.OPERATIONAL.value
    named = [f"{one['name']} (stays operational)" if one["status"] == stays else one["name"] for one in components]
    return ", ".join(named)
