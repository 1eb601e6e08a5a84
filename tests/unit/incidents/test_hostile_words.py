"""Words that attack whoever reads them come out inert: on the page, in the feeds, in what is sent."""

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import IncidentStatus
from incidents.models import Incident, Notice
from incidents.services import edit_incident, edit_update, open_incident, post_update, resolve_incident

CONTROLS = "".join(chr(code) for code in (*range(9), 11, 12, *range(14, 32), *range(127, 160), 0xFFFE, 0xFFFF))
HOSTILE = (
    "{{7*7}} {% load static %} {0.__class__} ]]> <script>alert(1)</script> <img src=x onerror=alert(2)> "
    "\u202egnp.exe [press](javascript:alert(3)) ![pixel](https://evil.example/p.png) &lt;b&gt;"
) + CONTROLS

pytestmark = pytest.mark.django_db


def attack(component: Component) -> Incident:
    """Every text of an incident, by every service that takes one."""
    incident = open_incident(
        title=HOSTILE,
        severity="major",
        message=HOSTILE,
        impacts={component: ComponentStatus.MAJOR_OUTAGE},
        author=HOSTILE[:150],
    )
    edit_incident(
        incident=incident,
        title=HOSTILE,
        severity="major",
        private=False,
        data_impact=False,
        root_cause_summary=HOSTILE,
        remediation=HOSTILE,
    )
    update = post_update(incident=incident, status=IncidentStatus.IDENTIFIED, message=HOSTILE)
    edit_update(update=update, message=f"Edited. {HOSTILE}")
    resolve_incident(incident=incident, message=HOSTILE, root_cause_summary=HOSTILE, remediation=HOSTILE)
    return incident


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    return [text for item in value for text in texts(item)] if isinstance(value, list) else []


@pytest.mark.parametrize("path", ["incident", "/history/", "/"])
def test_on_the_page_it_is_text_and_does_nothing(api: Component, client: Client, path: str) -> None:
    incident = attack(api)
    page = client.get(incident.get_absolute_url() if path == "incident" else path).content.decode()
    assert "{{7*7}}" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert 'src="https://evil.example' not in page
    assert 'href="javascript:' not in page
    assert not set(page) & set(CONTROLS + "\u202e")


@pytest.mark.parametrize(
    ("path", "body"), [("/history.atom", "{http://www.w3.org/2005/Atom}content"), ("/history.rss", "description")]
)
def test_feeds_stay_well_formed_and_say_it_as_it_was_written(
    api: Component, client: Client, path: str, body: str
) -> None:
    attack(api)
    feed = ET.fromstring(client.get(path).content)  # noqa: S314 -- our own feed
    said = "".join(feed.itertext())
    assert "{{7*7}}" in said
    assert "]]>" in said
    # A title is text; what a reader renders as HTML is the body.
    rendered = "".join(element.text or "" for element in feed.iter(body))
    assert "{{7*7}}" in rendered
    for live in ("<script", "<img", 'href="javascript:', 'src="'):
        assert live not in rendered
    assert {element.get("type", "text") for element in feed.iter("{http://www.w3.org/2005/Atom}title")} <= {"text"}


def test_what_is_sent_carries_no_control_character_and_no_live_markup(api: Component) -> None:
    attack(api)
    for notice in Notice.objects.all():
        for text in texts(notice.payload):
            assert not set(text) & set(CONTROLS + "\u202e")
        body = notice.payload["update"]["body_html"]
        assert "{{7*7}}" in body
        for live in ("<script", "<img", 'javascript:alert(3)"'):
            assert live not in body
    assert json.dumps(list(Notice.objects.values_list("payload", flat=True)))


def test_a_title_of_several_lines_is_one_line(api: Component) -> None:
    incident = open_incident(
        title="API\r\nBcc: all@example.org\u2028fails", severity="major", message="Looking.", impacts={}
    )
    assert incident.title == "API Bcc: all@example.org fails"
