"""Private incidents: severity, status and times are public, and nothing else, wherever one looks.

A word is planted in every text column that belongs to one, also in columns that nobody has thought of yet, and then
looked for in everything that is published.
"""

import json
import re
from collections.abc import Iterable
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import models
from django.test import Client

from components.enums import ComponentStatus
from components.models import StatusClaim
from incidents.enums import IncidentStatus
from incidents.models import (
    Draft,
    Evidence,
    FollowUpAction,
    Incident,
    IncidentUpdate,
    Notice,
    OutageReport,
    Postmortem,
    UpdateImpact,
    UpdateRevision,
)
from incidents.postmortems import edit_postmortem, publish_postmortem, start_postmortem
from incidents.services import (
    EvidenceItem,
    add_evidence,
    edit_incident,
    edit_update,
    merge_incident,
    open_incident,
    post_update,
    resolve_incident,
)
from statuspage.web.documents import render_hot_documents
from statuspage.web.search import search_page
from subscriptions.models import Delivery, Subscriber
from subscriptions.rendering import cast_mail, render_notice
from tests.unit.web.conftest import DEGRADED, MAJOR, NOON, MakeComponent

PLANT = "qqplant"
# Public by their meaning: what identifies a row, and closed sets.
IDENTIFIES = {"public_id", "reference", "code", "sender_hash"}
MODELS: tuple[type[models.Model], ...] = (
    Incident,
    IncidentUpdate,
    UpdateImpact,
    UpdateRevision,
    Evidence,
    Postmortem,
    FollowUpAction,
    Draft,
    OutageReport,
)


def text_columns(model: type[models.Model]) -> Iterable[str]:
    for field in model._meta.concrete_fields:
        is_text = isinstance(field, (models.CharField, models.TextField)) and not field.choices
        if is_text and field.name not in IDENTIFIES:
            yield field.name


def plant_everywhere() -> int:
    """Each column gets a word of its own; returns in how many it stands."""
    number = 0
    for model in MODELS:
        assert model._default_manager.exists(), f"nothing of {model.__name__} belongs to the private incident"
        for name in text_columns(model):
            model._default_manager.update(**{name: f"{PLANT}{model.__name__}{name}"})
            number += 1
    return number


@pytest.fixture
def secret(make_component: MakeComponent, at_noon: time_machine.Traveller) -> Incident:
    """One of everything that belongs to a private incident, open, with a duplicate that was merged into it."""
    cache.clear()
    api = make_component("api", measured_days=90)
    at_noon.move_to(NOON - timedelta(hours=1))
    incident = open_incident(
        title=f"{PLANT}title",
        severity="critical",
        message=f"{PLANT}message",
        impacts={api: MAJOR},
        private=True,
        author=f"{PLANT}author",
    )
    update = post_update(
        incident=incident,
        status=IncidentStatus.IDENTIFIED,
        message=f"{PLANT}second",
        impacts={api: DEGRADED},
        author=f"{PLANT}author",
    )
    edit_update(update=update, message=f"{PLANT}edited", author=f"{PLANT}editor")
    found = EvidenceItem(at=NOON, what=f"{PLANT}probe", detail=f"{PLANT}found", path=f"/components/{PLANT}/")
    add_evidence(incident=incident, items=[found])
    duplicate = open_incident(
        title=f"{PLANT}duplicate", severity="major", message=f"{PLANT}twice", impacts={api: MAJOR}, private=True
    )
    merge_incident(duplicate=duplicate, into=incident, message=f"{PLANT}merged")
    OutageReport.objects.create(what=f"{PLANT}report", state="linked", incident=incident)
    Draft.objects.create(kind="update", incident=incident, form={"message": f"{PLANT}draft"})
    at_noon.move_to(NOON)
    return incident


def over(incident: Incident) -> None:
    incident.refresh_from_db()
    edit_incident(
        incident=incident,
        title=incident.title,
        severity="critical",
        private=True,
        data_impact=True,
        root_cause_summary="",
        remediation="",
    )
    resolve_incident(
        incident=incident,
        message=f"{PLANT}resolved",
        root_cause_summary=f"{PLANT}cause",
        remediation=f"{PLANT}remediation",
    )
    draft = start_postmortem(incident=incident)
    sections = ("summary", "timeline", "root_cause", "resolution", "prevention")
    edit_postmortem(postmortem=draft, sections={name: f"{PLANT}{name}" for name in sections})
    FollowUpAction.objects.create(postmortem=draft, text=f"{PLANT}action", owner=f"{PLANT}owner")
    publish_postmortem(postmortem=draft, author=f"{PLANT}author")


def addresses(incident: Incident) -> list[str]:
    """Everything that has an address, hot or not."""
    duplicates = Incident.objects.exclude(pk=incident.pk)
    own = [row.get_absolute_url() for row in (incident, *duplicates)]
    return [
        *(document.path for document in render_hot_documents() if "#" not in document.path),
        *own,
        *(f"{path}postmortem/" for path in own),
        "/history/2026-11/",
        "/history/?severity=critical",
        "/history/?severity=major",
        "/history/?component=api",
        "/components/api/2026-11-21/",
        "/components/api/latency/7d/",
        *(f"/components/api/{name}" for name in ("history.atom", "history.rss", "feed.json", "calendar.ics")),
        "/report/",
        "/report/?component=api",
        "/subscribe/",
        "/v1/status/incidents",
        "/v1/status/incidents?component=api",
        *(f"/v1/status/incidents/{row.reference}" for row in (incident, *duplicates)),
        "/v1/status/slo?month=2026-11",
        "/v1/status/intervals.json?component=api",
        "/v1/status/intervals.csv?component=api",
    ]


def leaks(incident: Incident) -> list[tuple[str, str]]:
    """Where a planted word stands, with the word."""
    visitor, found = Client(), []
    for document in render_hot_documents():
        said = f"{document.content_type} {document.special!r} {document.body.decode()}"
        found += [(document.path, word) for word in re.findall(rf"{PLANT}\w*", said)]
    for address in addresses(incident):
        response = visitor.get(address)
        assert response.status_code in {200, 301, 302, 404, 503}, address
        said = f"{dict(response.items())} {response.content.decode()}"
        found += [(address, word) for word in re.findall(rf"{PLANT}\w*", said)]
    return found


def mail_leaks() -> list[tuple[str, str]]:
    subscriber, found = Subscriber(public_id="s" * 12, address="ada@example.org"), []
    for notice in Notice.objects.all():
        mail = cast_mail(render_notice(notice), Delivery(notice=notice, subscriber=subscriber))
        said = " ".join([str(mail.subject), str(mail.body), str(mail.alternatives), str(mail.extra_headers)])
        said += json.dumps(notice.payload)
        found += [(notice.kind, word) for word in re.findall(rf"{PLANT}\w*", said)]
    return found


def test_while_it_is_open_nothing_of_it_is_published_but_severity_status_and_times(secret: Incident) -> None:
    assert leaks(secret) == []
    assert mail_leaks() == []
    page = Client().get(secret.get_absolute_url()).content.decode()
    assert '<h1 class="page">Critical incident</h1>' in page
    assert "Also reported as" not in page
    assert "Critical incident" in Client().get("/report/").content.decode()


def test_when_it_is_over_nothing_of_it_is_published_either(secret: Incident) -> None:
    over(secret)
    assert Notice.objects.filter(kind="postmortem.published").exists()
    assert leaks(secret) == []
    assert mail_leaks() == []


def test_no_text_column_that_belongs_to_it_is_published_whoever_fills_it(secret: Incident) -> None:
    over(secret)
    assert plant_everywhere() > 30
    Incident.objects.update(is_retroactive=True, data_impact=True)
    IncidentUpdate.objects.update(promised_in=timedelta(hours=1), edited_at=NOON)
    assert leaks(secret) == []
    page = re.sub(r"<[^>]+>", " ", Client().get(secret.get_absolute_url()).content.decode())
    for hint in ("Data may", "Written down afterwards", "Next update promised", "edited", "What our probes found"):
        assert hint not in page


def test_no_search_finds_it_by_a_word_of_it(secret: Incident) -> None:
    over(secret)
    plant_everywhere()
    words = [f"{PLANT}{model.__name__}{name}" for model in MODELS for name in text_columns(model)]
    for typed in (PLANT, *words, secret.reference, secret.public_id):
        assert search_page({"q": typed}).hits == (), typed
    assert search_page({"component": "api"}).hits == ()


def test_the_same_words_are_published_of_an_incident_that_is_not_private(secret: Incident) -> None:
    """Otherwise the tests above would look in the wrong places."""
    over(secret)
    plant_everywhere()
    Incident.objects.update(private=False)
    published = {word for _, word in leaks(secret)}
    for column in (
        "Incidenttitle",
        "IncidentUpdatebody",
        "Incidentroot_cause_summary",
        "Incidentremediation",
        "Evidencewhat",
        "Evidencedetail",
        "Evidencepath",
        "UpdateImpactname",
        "Postmortemsummary",
        "Postmortemprevention",
    ):
        assert f"{PLANT}{column}" in published, column
    for staffs_own in ("IncidentUpdateauthor", "UpdateRevisionbody", "FollowUpActiontext", "OutageReportwhat"):
        assert f"{PLANT}{staffs_own}" not in published, staffs_own
    assert search_page({"q": f"{PLANT}Incidenttitle"}).hits != ()


def test_the_component_says_how_it_is_and_not_why(secret: Incident) -> None:
    """That a component fails is public; whose incident says so is not."""
    claim = StatusClaim.objects.get(source_id=secret.public_id)
    assert claim.status != ComponentStatus.OPERATIONAL
    page = Client().get("/components/api/").content.decode()
    assert secret.reference not in page
    assert secret.public_id not in page
