"""`manage.py correction`."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from components.models import Component
from probes.models import Correction

pytestmark = pytest.mark.django_db
ADD = ("correction", "add", "--kind", "not-ours", "--from", "2026-11-01T10:00Z", "--until", "2026-11-01T11:00Z")


@pytest.fixture
def api(db: None) -> Component:
    return Component.objects.create(slug="api", name="API", position=1)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue().strip()


def test_a_time_is_left_out_listed_and_taken_back(api: Component) -> None:
    name = run(*ADD, "--component", "api", "--reason", "The provider was down.")
    assert Correction.objects.get().public_id == name
    assert "Not ours 2026-11-01 10:00 to 2026-11-01 11:00 UTC  api" in run("correction", "list")
    assert "It was ours." in run("correction", "withdraw", name, "--reason", "It was ours.")
    assert run("correction", "list") == "Nothing is left out of uptime."
    assert name in run("correction", "list", "--all")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (("--component", "app"), "There is no component 'app'. Did you mean api?"),
        ((), "Choose at least one component."),
        (("--component", "api", "--kind", "luck"), "'luck' is no kind of correction"),
        (("--component", "api", "--until", "2026-10-01T00:00Z"), "The end must be after the beginning."),
        (("--component", "api", "--until", "2126-01-01T00:00Z"), "the end lies in the future"),
        (("--component", "api", "--from", "2020-01-01T00:00Z"), "more than 366 days"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(
    api: Component, changes: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(CommandError, match=sentence):
        run(*ADD, "--reason", "Why.", *changes)


def test_an_unknown_correction_is_said_to_be_unknown(api: Component) -> None:
    with pytest.raises(CommandError, match="There is no correction 'nothing'"):
        run("correction", "withdraw", "nothing", "--reason", "Why.")
