"""`manage.py component`."""

import io
import re

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from components.enums import ClaimSource, ComponentStatus
from components.models import Component, StatusChange
from components.services import claim_status


@pytest.fixture(autouse=True)
def api(db: None) -> Component:
    return Component.objects.create(slug="api", name="API gateway")


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("component", *arguments, stdout=output)
    return output.getvalue()


def test_a_state_is_set_by_hand_with_the_name_of_whoever_did(api: Component, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "grace")
    assert run("set", "api", "major_outage") == "api is major outage, staff say; visitors see major outage.\n"
    api.refresh_from_db()
    assert api.status == ComponentStatus.MAJOR_OUTAGE
    assert StatusChange.objects.get().cause == "status set by grace"


def test_visitors_see_the_worst_that_is_said(api: Component) -> None:
    claim_status(component=api, status=ComponentStatus.MAJOR_OUTAGE, source=ClaimSource.PROBE, source_id="p")
    assert run("set", "api", "operational") == "api is operational, staff say; visitors see major outage.\n"


def test_auto_takes_the_word_back(api: Component) -> None:
    run("set", "api", "partial_outage")
    assert run("set", "api", "auto") == "api is left to measurement; visitors see no data.\n"
    assert not api.claims.exists()


def test_the_list_says_who_holds_a_component(api: Component) -> None:
    run("set", "api", "partial_outage")
    assert run("list") == "api  partial_outage        API gateway  (staff)\n"


def test_a_list_without_components_says_where_they_come_from(api: Component) -> None:
    api.delete()
    assert "load_config" in run("list")


@pytest.mark.parametrize(
    ("slug", "status", "sentence"),
    [
        ("aip", "operational", "Did you mean api? Known: api."),
        ("api", "down", "choose one of operational"),
        ("api", "unknown", "auto leaves it to measurement"),
    ],
)
def test_what_cannot_be_set_is_a_sentence(api: Component, slug: str, status: str, sentence: str) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        run("set", slug, status)
    assert not api.claims.exists()
