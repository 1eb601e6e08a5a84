"""A postmortem was published (`incidents.notices_postmortem`). Of a private incident nothing but that it was."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.encoding import iri_to_uri

from statuspage.core.text import clean_line
from subscriptions.said.incident import NOT_PUBLIC, thread_of, times_of
from subscriptions.said.times import moment, written
from subscriptions.said.words import Passage, Words, names_of, plain, some

# What a mail has room for; the others are on the page.
IN_MAIL = ("summary", "root_cause", "prevention")
STATE = "Postmortem"


def words_on_postmortem(payload: Mapping[str, Any]) -> Words:
    incident, postmortem = payload["incident"], payload["postmortem"]
    zone = ZoneInfo(payload["page"]["time_zone"])
    title = clean_line(incident["title"])
    shown, left = _chosen(postmortem["sections"])
    passages = [_passage(section) for section in shown] or [plain("", "It has been published on the page.")]
    if incident["private"]:
        passages, left = [plain("", NOT_PUBLIC)], ""
    return Words(
        thread=thread_of(payload),
        subject=f"[{STATE}] {title}",
        title=title,
        state=STATE,
        about=[incident["severity_name"], written(moment(postmortem["published_at"]), zone)],
        passages=passages,
        facts=[
            *some(("Affected", names_of(payload["components"]))),
            *times_of(incident, zone),
            *some(("Also on the page", left)),
        ],
        link_label="Whole postmortem",
        url=str(iri_to_uri(postmortem["url"])),
    )


def _chosen(sections: list[dict[str, str]]) -> tuple[list[dict[str, str]], str]:
    """What the mail says, and the titles of the rest."""
    shown = [section for section in sections if section["key"] in IN_MAIL] or sections[:1]
    return shown, ", ".join(section["title"].lower() for section in sections if section not in shown)


def _passage(section: Mapping[str, str]) -> Passage:
    title = "" if section["key"] == "summary" else section["title"]
    return Passage(title=title, text=section["markdown"], html=section["html"])
