import pytest
import time_machine

from components.models import Component
from probes.dependencies import find_cycle, reachable, suppressed
from probes.enums import Outcome
from probes.models import Probe, ProbeLocation
from probes.states import ProbeState

from .conftest import NOON, Story, make_probe

UP, DOWN = Outcome.UP, Outcome.DOWN


def test_what_is_reached_is_reached_through_others() -> None:
    assert reachable("a", {"a": ["b"], "b": ["c"], "x": ["a"]}) == {"b", "c"}


def test_nothing_is_reached_from_what_depends_on_nothing() -> None:
    assert reachable("c", {"a": ["c"]}) == set()


@pytest.mark.parametrize(
    ("depends_on", "cycle"),
    [
        ({"a": ["b"], "b": ["c"], "c": []}, ()),
        ({"a": ["a"]}, ("a", "a")),
        ({"a": ["b"], "b": ["a"]}, ("a", "b", "a")),
        ({"x": ["a"], "a": ["b"], "b": ["c"], "c": ["a"]}, ("a", "b", "c", "a")),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, ()),
        ({"a": ["not in the file"]}, ()),
    ],
)
def test_a_cycle_is_named_from_its_first_name_round_to_it(
    depends_on: dict[str, list[str]], cycle: tuple[str, ...]
) -> None:
    assert find_cycle(depends_on) == cycle


def test_a_chain_of_thousands_is_no_cycle() -> None:
    assert find_cycle({str(number): [str(number + 1)] for number in range(300)}) == ()


@pytest.fixture
def database(web: Component) -> Probe:
    return make_probe(web, "database")


@pytest.fixture
def dependent(probe: Probe, database: Probe) -> Probe:
    probe.depends_on.add(database)
    return probe


@pytest.mark.django_db
def test_nobody_keeps_still_while_all_is_well(dependent: Probe, database: Probe, story: Story) -> None:
    story(database, UP)
    assert suppressed([dependent.pk, database.pk]) == set()


@pytest.mark.django_db
@pytest.mark.parametrize("results", [[UP, DOWN], [UP, DOWN, DOWN, DOWN], [DOWN, DOWN, DOWN, UP], [DOWN]])
def test_a_dependent_keeps_still_while_its_dependency_is_suspect_down_or_coming_back(
    dependent: Probe, database: Probe, story: Story, results: list[Outcome]
) -> None:
    story(database, *results)
    assert suppressed([dependent.pk, database.pk]) == {dependent.pk}


@pytest.mark.django_db
def test_it_keeps_still_for_what_its_dependency_depends_on(
    api: Component, dependent: Probe, database: Probe, story: Story
) -> None:
    disk = make_probe(api, "disk")
    database.depends_on.add(disk)
    story(disk, UP, DOWN)
    assert suppressed([dependent.pk]) == {dependent.pk}


@pytest.mark.django_db
def test_nobody_keeps_still_for_a_probe_that_is_paused(
    dependent: Probe, database: Probe, story: Story, at_noon: time_machine.Traveller
) -> None:
    story(database, UP, DOWN)
    Probe.objects.filter(pk=database.pk).update(is_enabled=False)
    assert suppressed([dependent.pk]) == set()


@pytest.mark.django_db
@pytest.mark.parametrize(("quorum", "keep_still"), [(1, True), (2, False), (None, False)])
def test_one_location_of_three_is_enough_where_it_is_the_quorum(
    dependent: Probe, database: Probe, story: Story, quorum: int | None, keep_still: bool
) -> None:
    Probe.objects.filter(pk=database.pk).update(quorum=quorum)
    for name in ("paris", "tokyo"):
        ProbeLocation.objects.create(probe=database, location=name, state=ProbeState.UP, last_result_at=NOON)
    story(database, UP, DOWN)
    assert suppressed([dependent.pk]) == ({dependent.pk} if keep_still else set())
