"""A mail to all customers (`incidents.customers`): what two people agreed on, and what is public of the incident."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.encoding import iri_to_uri

from incidents.enums import IncidentStatus
from statuspage.core.text import clean_line
from subscriptions.languages import say
from subscriptions.said.incident import is_over, thread_of, times_of
from subscriptions.said.words import Fact, Passage, Words, some


def words_to_customers(payload: Mapping[str, Any]) -> Words:
    incident, mail = payload["incident"], payload["mail"]
    subject = clean_line(mail["subject"])
    return Words(
        thread=thread_of(payload),
        subject=subject,
        title=subject,
        css="over" if is_over(incident) else incident["impact"],
        passages=[Passage(text=mail["body_markdown"], html=mail["body_html"])],
        facts=[
            Fact(label=say("Incident"), value=f"{incident['reference']}, {clean_line(incident['title'])}"),
            *some((say("Status"), say(str(IncidentStatus(incident["status"]).label)))),
            *times_of(incident, ZoneInfo(payload["page"]["time_zone"])),
        ],
        link_label=say("All that is known, always current"),
        url=str(iri_to_uri(incident["url"])),
        reply_to=payload["contact"]["email"],
        contact_url=str(iri_to_uri(payload["contact"]["url"])),
    )
