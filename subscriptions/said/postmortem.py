"""A postmortem was published (`incidents.notices_postmortem`). Of a private incident nothing but that it was."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.encoding import iri_to_uri

from subscriptions.languages import say, to_be_said
from subscriptions.said.incident import NOT_PUBLIC, thread_of, times_of, title_of
from subscriptions.said.times import moment, written
from subscriptions.said.words import Passage, Words, names_of, plain, some

# What a mail has room for; the others are on the page.
IN_MAIL = ("summary", "root_cause", "prevention")
STATE = to_be_said("Postmortem")


def words_on_postmortem(payload: Mapping[str, Any]) -> Words:
    incident, postmortem = payload["incident"], payload["postmortem"]
    zone = ZoneInfo(payload["page"]["time_zone"])
    title, state = title_of(incident), say(STATE)
    shown, left = _chosen(postmortem["sections"])
    passages = [_passage(section) for section in shown] or [plain("", say("It has been published on the page."))]
    if incident["private"]:
        passages, left = [plain("", say(NOT_PUBLIC))], ""
    return Words(
        thread=thread_of(payload),
        subject=f"[{state}] {title}",
        title=title,
        state=state,
        about=[incident["severity_name"], written(moment(postmortem["published_at"]), zone)],
        passages=passages,
        facts=[
            *some((say("Affected"), names_of(payload["components"]))),
            *times_of(incident, zone),
            *some((say("Also on the page"), left)),
        ],
        link_label=say("Whole postmortem"),
        url=str(iri_to_uri(postmortem["url"])),
    )


def _chosen(sections: list[dict[str, str]]) -> tuple[list[dict[str, str]], str]:
    """What the mail says, and the titles of the rest."""
    shown = [section for section in sections if section["key"] in IN_MAIL] or sections[:1]
    return shown, ", ".join(say(section["title"].lower()) for section in sections if section not in shown)


def _passage(section: Mapping[str, str]) -> Passage:
    title = "" if section["key"] == "summary" else say(section["title"])
    return Passage(title=title, text=section["markdown"], html=section["html"])
