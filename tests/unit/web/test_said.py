"""What visitors see of what was said: promises, corrections, evidence, duplicates, and the pages that staff write."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from components.services import touch_page
from incidents.enums import IncidentStatus, Promise
from incidents.models import ContentPage, Incident, IncidentUpdate
from incidents.services import (
    EvidenceItem,
    PastUpdate,
    add_evidence,
    edit_update,
    merge_incident,
    record_incident,
    resolve_incident,
)
from statuspage.web.documents import render_document, render_hot_documents
from statuspage.web.rendered import RenderedDocument
from tests.unit.web.conftest import DEGRADED, MAJOR, NOON, MakeComponent, MakeIncident


def document(path: str) -> RenderedDocument:
    found = render_document(path)
    assert found is not None
    return found


def words_of(path: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", document(path).body.decode()))


def hot() -> dict[str, RenderedDocument]:
    return {found.path: found for found in render_hot_documents()}


@pytest.mark.parametrize(
    ("promise", "said"),
    [
        (Promise.BY, "Next update by 13:15 CET (in 15 min)"),
        (Promise.ON_CHANGE, "Next update by 13:15 CET, or on material change (in 15 min at most)"),
        (Promise.MORE_INFORMATION, "Next update by 13:15 CET, or as soon as we know more (in 15 min at most)"),
    ],
)
def test_the_next_update_is_promised_in_its_wording(make_incident: MakeIncident, promise: Promise, said: str) -> None:
    incident = make_incident(next_update_in=timedelta(minutes=45), promise=promise)
    assert said in words_of("/")
    assert said.replace("by 13", "by13") in words_of(incident.get_absolute_url()).replace("by 13", "by13")


def test_what_an_update_promised_stays_with_it(make_incident: MakeIncident) -> None:
    incident = make_incident(next_update_in=timedelta(hours=1), promise=Promise.MORE_INFORMATION)
    resolve_incident(incident=incident, message="Over.", root_cause_summary="A disk.", remediation="A better one.")
    words = words_of(incident.get_absolute_url())
    assert "Next update promised within 1 hour, or as soon as we know more." in words
    assert "Next update by" not in words


def test_a_promise_that_was_not_kept_is_said_so(make_incident: MakeIncident) -> None:
    incident = make_incident(
        ago=timedelta(minutes=40), next_update_in=timedelta(minutes=30), promise=Promise.ON_CHANGE
    )
    assert "Next update was due by 12:50 CET (10 min ago)" in words_of("/")
    assert "material change (in" not in words_of("/")
    assert "Next update was due12:50 CET (10 min ago)" in words_of(incident.get_absolute_url())


def test_a_corrected_update_says_so_with_the_time(make_incident: MakeIncident) -> None:
    incident = make_incident()
    assert "edited" not in words_of(incident.get_absolute_url())
    edit_update(update=IncidentUpdate.objects.get(incident=incident), message="We have found the cause.")
    words = words_of(incident.get_absolute_url())
    assert "edited 13:00 CET" in words
    assert "We are looking into it." not in words


def test_what_probes_found_is_shown_with_its_day(make_component: MakeComponent, make_incident: MakeIncident) -> None:
    incident = make_incident(impacts={make_component(): MAJOR})
    item = EvidenceItem(
        at=NOON - timedelta(minutes=31),
        what="HTTP from Frankfurt",
        detail="No answer within 5 s",
        path="/components/api/2026-11-21/",
        staff_path="/admin/probes/probe/1/",
    )
    add_evidence(incident=incident, items=[item])
    html = document(incident.get_absolute_url()).body.decode()
    assert "What our probes found" in html
    assert "HTTP from Frankfurt</b>: No answer within 5 s" in html
    assert 'href="/components/api/2026-11-21/"' in html
    assert "/admin/" not in html


def test_what_probes_found_of_a_duplicate_is_shown_with_the_incident_that_goes_on(make_incident: MakeIncident) -> None:
    main, duplicate = make_incident(), make_incident(title="Again")
    add_evidence(incident=duplicate, items=[EvidenceItem(at=NOON, what="DNS", detail="No such name")])
    merge_incident(duplicate=duplicate, into=main)
    assert "No such name" in words_of(main.get_absolute_url())


@pytest.mark.parametrize("private", ["main", "duplicate", "both"])
def test_nothing_that_was_found_of_a_private_incident_is_shown(make_incident: MakeIncident, private: str) -> None:
    main = make_incident(private=private in {"main", "both"})
    duplicate = make_incident(private=private in {"duplicate", "both"})
    private_one = duplicate if private == "duplicate" else main
    add_evidence(incident=private_one, items=[EvidenceItem(at=NOON, what="DNS", detail="Zebra")])
    # The rule that forbids the merge of a private one into a public one may have come later than the rows.
    Incident.objects.filter(pk=duplicate.pk).update(
        merged_into=main, status=IncidentStatus.RESOLVED, resolved_at=NOON, next_update_due_at=None
    )
    assert "Zebra" not in words_of(main.get_absolute_url())


def test_evidence_beyond_twenty_lines_is_cut(make_incident: MakeIncident) -> None:
    incident = make_incident()
    add_evidence(
        incident=incident, items=[EvidenceItem(at=NOON, what=f"Probe {number}.", detail="") for number in range(40)]
    )
    words = words_of(incident.get_absolute_url())
    assert "Probe 19." in words
    assert "Probe 20." not in words


def test_that_data_may_be_affected_is_said_in_words(make_incident: MakeIncident) -> None:
    incident = make_incident()
    Incident.objects.update(data_impact=True)
    assert "Data may be affected" in words_of("/")
    assert "Data may be affected" in words_of(incident.get_absolute_url())
    resolve_incident(incident=incident, message="Over.", root_cause_summary="A disk.", remediation="A better one.")
    assert "Data may have been affected" in words_of(incident.get_absolute_url())
    assert "Data may have been affected" in words_of("/history/")


def test_what_was_written_down_afterwards_says_so(make_component: MakeComponent, page: object) -> None:
    begin = NOON - timedelta(hours=5)
    incident = record_incident(
        title="Orders failed",
        severity="major",
        started_at=begin,
        updates=[
            PastUpdate(status=IncidentStatus.INVESTIGATING, message="Looking.", at=begin, impacts={}),
            PastUpdate(status=IncidentStatus.RESOLVED, message="Over.", at=begin + timedelta(hours=1)),
        ],
        root_cause_summary="A disk.",
        remediation="A better one.",
    )
    assert "Written down afterwards" in words_of(incident.get_absolute_url())
    assert "written down afterwards" in words_of("/")
    assert "written down afterwards" in words_of("/history/")


@pytest.fixture
def merged(make_component: MakeComponent, make_incident: MakeIncident) -> tuple[Incident, Incident]:
    main = make_incident(title="Requests fail", impacts={make_component(): MAJOR})
    duplicate = make_incident(title="Walrus", message="Walrus", impacts={make_component("mail"): DEGRADED})
    merge_incident(duplicate=duplicate, into=main)
    return main, duplicate


def test_a_duplicates_address_leads_to_the_incident_it_belongs_to(merged: tuple[Incident, Incident]) -> None:
    main, duplicate = merged
    found = document(duplicate.get_absolute_url())
    assert found.special is not None
    assert (found.status, found.special.location) == (301, main.get_absolute_url())
    assert hot()[duplicate.get_absolute_url()] == found
    response = Client().get(duplicate.get_absolute_url())
    assert (response.status_code, response["Location"]) == (301, main.get_absolute_url())
    assert "no-store" not in response["Cache-Control"]


def test_a_duplicate_of_a_duplicate_leads_to_the_last_one(
    merged: tuple[Incident, Incident], make_incident: MakeIncident
) -> None:
    main, duplicate = merged
    last = make_incident(title="The whole of it")
    merge_incident(duplicate=main, into=last)
    for reference in (main.reference, duplicate.reference):
        special = document(f"/incidents/{reference}/").special
        assert special is not None
        assert special.location == last.get_absolute_url()
    assert f"Also reported as{duplicate.reference}, {main.reference}" in words_of(last.get_absolute_url()).replace(
        main.reference + ", " + duplicate.reference, duplicate.reference + ", " + main.reference
    )


def test_the_incident_names_its_duplicates(merged: tuple[Incident, Incident]) -> None:
    main, duplicate = merged
    assert f"Also reported as{duplicate.reference}" in words_of(main.get_absolute_url())


def test_a_duplicate_is_listed_nowhere(merged: tuple[Incident, Incident]) -> None:
    documents = hot()
    assert [path for path, found in documents.items() if b"Walrus" in found.body] == []
    for path in ("/", "/history/", "/history.atom", "/history.rss", "/status.json", "/components/mail/"):
        assert merged[1].reference not in documents[path].body.decode().replace(
            f"{merged[1].reference} is about the same trouble", ""
        )


def test_an_old_duplicate_leads_on_too(merged: tuple[Incident, Incident], at_noon: time_machine.Traveller) -> None:
    main, duplicate = merged
    resolve_incident(incident=main, message="Over.", root_cause_summary="A disk.", remediation="A better one.")
    at_noon.move_to(NOON + timedelta(days=400))
    assert Client().get(duplicate.get_absolute_url())["Location"] == main.get_absolute_url()


@pytest.fixture
def written(make_component: MakeComponent) -> ContentPage:
    make_component()
    ContentPage.objects.create(slug="draft", title="Draft", body="Zebra", places=["footer"], is_published=False)
    ContentPage.objects.create(slug="silent", title="Silent", body="Nowhere linked", places=[])
    page = ContentPage.objects.create(
        slug="during",
        title="What to do during an incident",
        body="# First\n\n1. Check <b>here</b>.\n2. Wait.\n\n<script>alert(1)</script>",
        places=["footer", "incident"],
    )
    touch_page()
    return page


def test_a_page_of_staff_is_public_with_headings_and_lists(written: ContentPage) -> None:
    html = document("/pages/during/").body.decode()
    assert "<h3>First</h3>" in html
    assert "<li>Wait.</li>" in html
    assert "<script>alert" not in html
    assert "<title>What to do during an incident · Example</title>" in html
    assert {"/pages/during/", "/pages/silent/"} <= set(hot())
    assert document("/pages/during/") == hot()["/pages/during/"]


def test_a_page_that_is_not_published_is_nowhere(written: ContentPage) -> None:
    assert render_document("/pages/draft/") is None
    assert render_document("/pages/nothing/") is None
    assert [path for path, found in hot().items() if b"Zebra" in found.body or b"/pages/draft/" in found.body] == []


def test_pages_of_staff_are_linked_where_they_are_needed(written: ContentPage, make_incident: MakeIncident) -> None:
    link = '<a href="/pages/during/">What to do during an incident</a>'
    incident = make_incident()
    foot = document("/").body.decode().partition("<footer>")[2]
    assert foot.count(link) == 1
    assert "/pages/silent/" not in foot
    page, _, foot = document(incident.get_absolute_url()).body.decode().partition("<footer>")
    assert (page.count(link), foot.count(link)) == (1, 1)


def test_a_changed_page_of_staff_is_linked_anew(written: ContentPage) -> None:
    assert "/pages/during/" in document("/").body.decode()
    ContentPage.objects.filter(pk=written.pk).update(title="Keep calm")
    touch_page()
    assert "Keep calm" in document("/").body.decode().partition("<footer>")[2]
