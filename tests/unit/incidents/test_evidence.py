from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from components.models import Component
from incidents.evidence import evidence_of, public_evidence
from incidents.models import Evidence, Incident
from incidents.services import EvidenceItem, add_evidence, edit_incident, merge_incident, open_incident

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def declare(*, private: bool = False) -> Incident:
    return open_incident(
        title="API requests fail", severity="major", message="Looking.", impacts={}, private=private, author="ada"
    )


def item(minutes: int = 0, **changes: str) -> EvidenceItem:
    said = {"what": "API health, from eu", "detail": "HTTP 500", "path": "/components/api/2026-11-21/"}
    return EvidenceItem(at=NOON + timedelta(minutes=minutes), **(said | changes))


def test_findings_are_kept_with_the_incident_oldest_first() -> None:
    incident = declare()
    add_evidence(incident=incident, items=[item(5, what="Later"), item(0, what="Sooner")])
    assert [row.what for row in incident.evidence.all()] == ["Sooner", "Later"]


def test_texts_of_machines_are_cut_and_made_one_clean_line() -> None:
    incident = declare()
    add_evidence(incident=incident, items=[item(what="x" * 500, detail="a\x00b\nc" + "y" * 900, path="/" * 400)])
    row = Evidence.objects.get()
    assert (row.what, row.path) == ("x" * 160, "")
    assert row.detail.startswith("ab cyyy")
    assert len(row.detail) == 500


def test_nothing_of_a_private_incident_is_public() -> None:
    secret = declare(private=True)
    add_evidence(incident=secret, items=[item()])
    assert public_evidence(secret) == []
    assert evidence_of(secret).count() == 1


def test_what_was_found_about_a_duplicate_belongs_to_what_it_was_merged_into() -> None:
    kept, duplicate = declare(), declare()
    add_evidence(incident=duplicate, items=[item()])
    merge_incident(duplicate=duplicate, into=kept)
    assert [row.what for row in public_evidence(kept)] == ["API health, from eu"]
    edit_incident(
        incident=duplicate,
        title="Secret",
        severity="major",
        private=True,
        data_impact=False,
        root_cause_summary="",
        remediation="",
    )
    assert public_evidence(kept) == []


def test_private_evidence_is_on_no_public_page(api: Component, client: Client) -> None:
    secret = declare(private=True)
    add_evidence(incident=secret, items=[item(what="the leaky probe", detail="a secret answer")])
    page = client.get(secret.get_absolute_url()).content.decode()
    assert secret.reference in page
    assert "leaky" not in page
    assert "secret answer" not in page
