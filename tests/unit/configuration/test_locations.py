"""Where probes are measured from, and what they depend on, as the file says it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError

from components.models import StatusClaim
from probes.enums import Outcome
from probes.measured import Measured
from probes.models import Location, Probe, ProbeLocation
from probes.record import record_batch
from tests.unit.probes.conftest import found

from .conftest import Load


def probe(slug: str, keys: str = "") -> str:
    return f'[[components.probes]]\nslug = "{slug}"\nkind = "disk"\npath = "/"\n{keys}\n'


def page(*probes: str) -> str:
    return '[[components]]\nslug = "api"\nname = "API"\n' + "".join(probes)


def active() -> list[str]:
    rows = ProbeLocation.objects.filter(retired_at__isnull=True, next_due_at__isnull=False)
    return list(rows.order_by("location").values_list("location", flat=True))


def refusal(load: Load, text: str) -> str:
    with pytest.raises(CommandError) as caught:
        load(text)
    assert not Probe.objects.exists()
    return str(caught.value)


def test_without_locations_it_is_measured_from_here(load: Load, settings: Any) -> None:
    settings.PROBE_LOCATION = "eu-north"
    load(page(probe("one")))
    assert active() == ["eu-north"]


def test_each_location_named_has_its_own_schedule_and_is_known(load: Load) -> None:
    load(page(probe("one", 'locations = ["us-east", "eu-west"]\nquorum = 2')))
    assert active() == ["eu-west", "us-east"]
    assert set(Location.objects.values_list("name", flat=True)) >= {"eu-west", "us-east"}
    assert Probe.objects.get().quorum == 2


def test_the_same_file_again_changes_nothing(load: Load) -> None:
    text = page(probe("one", 'locations = ["us-east", "eu-west"]\nhold = "1h"'), probe("two", 'depends_on = ["one"]'))
    load(text)
    before = list(ProbeLocation.objects.order_by("pk").values())
    assert "Nothing" in load(text)
    assert list(ProbeLocation.objects.order_by("pk").values()) == before


def test_a_location_taken_out_is_retired_with_its_claim_and_comes_back_with_its_history(load: Load) -> None:
    load(page(probe("one", 'locations = ["us-east", "eu-west"]')))
    result: Measured = found(Probe.objects.get(), Outcome.UP)
    record_batch(location="us-east", measured=[result])
    assert StatusClaim.objects.filter(source="probe").exists()
    said = load(page(probe("one", 'locations = ["eu-west"]')))
    assert "locations eu-west us-east → eu-west" in said
    assert active() == ["eu-west"]
    assert not StatusClaim.objects.filter(source="probe").exists()
    load(page(probe("one", 'locations = ["us-east", "eu-west"]')))
    assert active() == ["eu-west", "us-east"]
    assert ProbeLocation.objects.get(location="us-east").last_result_at is not None


def test_dependencies_may_be_named_before_they_come(load: Load) -> None:
    said = load(page(probe("one", 'depends_on = ["two"]'), probe("two")))
    assert "depends_on none → two" in said
    assert [one.slug for one in Probe.objects.get(slug="one").depends_on.all()] == ["two"]
    load(page(probe("one"), probe("two")))
    assert not Probe.objects.get(slug="one").depends_on.exists()


def test_how_long_an_incident_is_held_is_kept(load: Load) -> None:
    load(page(probe("one", 'hold = "1h"\ncalm = "5m"')))
    assert Probe.objects.values_list("hold", "calm").get() == (timedelta(hours=1), timedelta(minutes=5))


def test_a_dependency_that_is_not_in_the_file_is_refused(load: Load) -> None:
    said = refusal(load, page(probe("one", 'depends_on = ["two"]')))
    assert 'components[0].probes[0].depends_on is "two"; expected the slug of a probe in this file.' in said


def test_a_circle_is_refused_and_named(load: Load) -> None:
    text = page(
        probe("one", 'depends_on = ["two"]'),
        probe("two", 'depends_on = ["three"]'),
        probe("three", 'depends_on = ["one"]'),
    )
    assert "expected no circle: one → two → three → one would wait for each other." in refusal(load, text)


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('locations = "eu-west"', 'locations is "eu-west"; expected a list of 1 to 20 names'),
        ("locations = []", "expected a list of 1 to 20 names"),
        ('locations = ["EU"]', 'locations is "EU"; expected names of lower-case letters, digits and single dashes'),
        ('locations = ["a", "a"]', "expected each name once"),
        (f'locations = ["{"a" * 41}"]', "at most 40"),
        ("quorum = 0", "quorum is 0; expected a whole number from 1 to 1."),
        ('locations = ["a", "b"]\nquorum = 3', "quorum is 3; expected a whole number from 1 to 2."),
        ("depends_on = [1]", "depends_on is 1; expected names of lower-case letters"),
        ('hold = "2d"', 'hold is "2d"; expected a duration from 0ms to 1d.'),
        ("calm = 5", "calm is 5; expected a duration"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(load: Load, keys: str, sentence: str) -> None:
    assert sentence in refusal(load, page(probe("one", keys)))
