"""What a rule that fires does, when it does not, and how all of it ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from components.models import Component, StatusChange, StatusClaim
from incidents.enums import MaintenanceStatus
from incidents.models import Incident, IncidentUpdate, Maintenance, Signal
from probes.enums import Outcome
from probes.models import Probe, ProbeLocation, Rule, RuleState
from probes.selectors import measurements
from probes.services import expire_stale, pause_probe, resume_probe, retire_probe

from .conftest import Engine, Load

UP, DOWN, ERROR = Outcome.UP, Outcome.DOWN, Outcome.ERROR

PAGE = """
[[components]]
slug = "database"
name = "Database"
[[components.probes]]
slug = "db"
name = "Database"
kind = "tcp"
host = "127.0.0.1"
port = 5432
allow_private = true
opens_incident = false
failure_threshold = 2

[[components]]
slug = "api"
name = "API"
[[components.probes]]
slug = "api"
name = "API"
kind = "http"
url = "http://127.0.0.1:9/"
allow_private = true
opens_incident = false
failure_threshold = 5
"""
RULE = """
[[components.probes.rules]]
slug = "{slug}"
when = "latency_above"
limit = "200ms"
for = "{lasting}"
then = [{then}]
"""


def page(*then: str, probe: str = "", slug: str = "slow", lasting: str = "1m", more: str = "") -> str:
    effects = ", ".join(f'"{one}"' for one in then)
    return PAGE + probe + RULE.format(slug=slug, lasting=lasting, then=effects) + more


def slow(engine: Engine, times: int = 3, **options: str) -> None:
    for _ in range(times):
        engine.finds("api", latency_ms=300, **options)  # type: ignore[arg-type]  # the case says which
        engine.wait()


def api() -> Component:
    return Component.objects.get(slug="api")


def rule() -> Rule:
    return Rule.objects.get()


@pytest.mark.parametrize(
    ("effect", "status"), [("degrade", "degraded_performance"), ("fail", "major_outage"), ("page", "operational")]
)
def test_a_rule_claims_what_it_says_and_takes_it_back(engine: Engine, load: Load, effect: str, status: str) -> None:
    load(page(effect))
    slow(engine)
    assert api().status == status
    engine.finds("api")
    assert api().status == "operational"
    assert rule().firing_since is None
    assert not StatusClaim.objects.filter(source_id="api#slow").exists()


def test_the_claim_and_the_history_say_the_rules_sentence(engine: Engine, load: Load) -> None:
    load(page("degrade", more='say = "Answers take {value} since {since}, not {limit}."'))
    slow(engine)
    sentence = "Answers take 300 ms since 12:00 UTC, not 200 ms."
    assert StatusClaim.objects.get(source_id="api#slow").cause == sentence
    assert StatusChange.objects.order_by("-pk").values_list("source_id", "cause").first() == ("api#slow", sentence)
    assert rule().said == sentence


def test_a_sentence_keeps_up_with_the_numbers_while_it_fires(engine: Engine, load: Load) -> None:
    load(page("degrade"))
    slow(engine)
    engine.finds("api", latency_ms=450)
    assert rule().said == "API answers in 450 ms, slower than 200 ms for 90 seconds."


def test_a_signal_carries_its_evidence_and_is_raised_once(engine: Engine, load: Load) -> None:
    load(page("page"))
    slow(engine, 6)
    signal = Signal.objects.get()
    assert (signal.source, signal.title, signal.component, signal.count) == ("rule", "API is slow", api(), 1)
    assert {key: signal.evidence[key] for key in ("probe", "rule", "when", "value", "limit", "location")} == {
        "probe": "api",
        "rule": "slow",
        "when": "latency_above",
        "value": 300.0,
        "limit": 200.0,
        "location": "default",
    }


def test_a_signal_that_was_acknowledged_is_resolved_by_itself(engine: Engine, load: Load) -> None:
    load(page("page"))
    slow(engine)
    Signal.objects.update(state="acknowledged")
    engine.finds("api")
    assert Signal.objects.get().state == "resolved"


# --- what the page shows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("effect", "status"),
    [("degrade", "degraded_performance"), ("fail", "major_outage"), ("incident", "degraded_performance")],
)
def test_the_page_shows_the_sentence_of_the_rule(engine: Engine, load: Load, effect: str, status: str) -> None:
    load(page(effect))
    slow(engine)
    shown = measurements()[api().pk]
    assert (shown.status, shown.detail) == (status, "API answers in 300 ms, slower than 200 ms for 60 seconds.")
    assert shown.latency_ms == 300.0
    engine.finds("api")
    assert (measurements()[api().pk].status, measurements()[api().pk].detail) == ("operational", "Fine in 10 ms")


def test_where_a_probe_finds_it_slow_itself_the_rule_says_more(engine: Engine, load: Load) -> None:
    load(
        page(
            "degrade",
            more='[[components.probes.rules]]\nwhen = "latency_above"\nlimit = "250ms"\nthen = ["degrade"]\n',
        )
    )
    for _ in range(6):
        engine.finds("api", Outcome.DEGRADED, latency_ms=300)
        engine.wait()
    assert ProbeLocation.objects.get(probe__slug="api").is_slow
    shown = measurements()[api().pk]
    assert (shown.status, shown.detail) == (
        "degraded_performance",
        "API answers in 300 ms, slower than 200 ms for 2 minutes.",
    )


def test_of_two_probes_that_are_as_bad_the_one_with_a_rule_says_why(engine: Engine, load: Load) -> None:
    another = (
        '[[components.probes]]\nslug = "another"\nname = "Another"\nkind = "tcp"\nhost = "127.0.0.1"\nport = 1\n'
        "allow_private = true\n"
    )
    load(
        page("degrade").replace('[[components.probes]]\nslug = "api"', f'{another}[[components.probes]]\nslug = "api"')
    )
    for _ in range(3):
        engine.finds("another", Outcome.DEGRADED)
        engine.finds("api", latency_ms=300)
        engine.wait()
    assert measurements()[api().pk].detail == "API answers in 300 ms, slower than 200 ms for 60 seconds."


def test_the_page_does_not_say_whom_a_rule_pages(engine: Engine, load: Load) -> None:
    load(page("page"))
    slow(engine)
    assert measurements()[api().pk].detail == "Fine in 300 ms"


def test_an_outage_is_worse_than_a_rule_that_degrades(engine: Engine, load: Load) -> None:
    load(page("degrade"))
    slow(engine)
    for _ in range(5):
        engine.finds("api", DOWN)
        engine.wait()
    assert measurements()[api().pk].detail == "Down it is."


def test_a_rule_says_nothing_on_the_page_without_fresh_results(engine: Engine, load: Load) -> None:
    load(page("degrade"))
    slow(engine)
    engine.wait(timedelta(minutes=10))
    assert measurements()[api().pk].status == "unknown"


# --- incidents -------------------------------------------------------------------------------------------------------


def test_an_incident_of_a_rule_says_its_sentence_and_since_when(engine: Engine, load: Load) -> None:
    load(page("incident", "degrade", more='severity = "minor"'))
    began = engine.now
    slow(engine)
    incident = Incident.objects.get()
    assert (incident.title, incident.severity.slug, incident.started_at) == ("API is slow", "minor", began)
    assert incident.updates.get().body == "API answers in 300 ms, slower than 200 ms for 60 seconds."
    assert incident.affected.get().status == "degraded_performance"


def test_an_incident_lasts_as_long_as_its_rule_fires(engine: Engine, load: Load) -> None:
    load(page("incident"))
    slow(engine, 5)
    assert Incident.objects.get().status == "investigating"
    engine.finds("api")
    assert Incident.objects.get().status == "resolved"
    assert api().status == "operational"


def test_an_incident_of_a_rule_that_comes_and_goes_is_over_once_it_was_calm(engine: Engine, load: Load) -> None:
    load(page("incident"))
    for _ in range(2):
        slow(engine)
        engine.finds("api")
        engine.wait()
    incident = Incident.objects.get()
    assert incident.status != "resolved"
    for _ in range(29):
        engine.finds("api")
        engine.wait()
    assert Incident.objects.get().status != "resolved"
    ceased_at = rule().ceased_at
    engine.finds("api")
    incident = Incident.objects.get()
    assert (incident.status, incident.resolved_at) == ("resolved", ceased_at)


def test_a_rule_and_an_outage_of_one_component_are_one_incident(engine: Engine, load: Load) -> None:
    load(page("incident").replace("opens_incident = false\nfailure_threshold = 5", "failure_threshold = 2"))
    slow(engine)
    for _ in range(3):
        engine.finds("api", DOWN)
        engine.wait()
    assert Incident.objects.count() == 1
    for _ in range(3):
        engine.finds("api")
        engine.wait()
    assert Incident.objects.get().status == "resolved"


def spoken() -> list[str]:
    return list(IncidentUpdate.objects.order_by("created_at", "pk").values_list("body", flat=True))


def test_an_incident_of_a_rule_ends_with_words_of_what_it_measured(engine: Engine, load: Load) -> None:
    load(page("incident"))
    slow(engine)
    engine.finds("api")
    assert spoken()[-1] == "API has answered within 200 ms again since 12:01 UTC. It lasted 1 minute."


def test_a_relapse_of_a_rule_speaks_of_it_too(engine: Engine, load: Load) -> None:
    load(page("incident"))
    for _ in range(2):
        slow(engine)
        engine.finds("api")
        engine.wait(timedelta(minutes=1))
    assert spoken()[2] == (
        "API is slow again. API answers in 300 ms, slower than 200 ms for 60 seconds. "
        "It comes and goes: this is over once all has been well for 15 minutes without a break."
    )
    assert not any("respond" in words or "failing" in words for words in spoken())


@pytest.mark.parametrize(
    ("condition", "sick", "well", "title", "ended"),
    [
        (
            'when = "value_above"\nvalue = "backlog"\nlimit = 100',
            {"backlog": 120.0},
            {"backlog": 12.0},
            "API needs attention",
            "Jobs: backlog has been at most 100 again",
        ),
        (
            'when = "value_below"\nvalue = "backlog"\nlimit = 5',
            {"backlog": 1.0},
            {"backlog": 12.0},
            "API needs attention",
            "Jobs: backlog has been at least 5 again",
        ),
        (
            'when = "heartbeat_older_than"\nlimit = "2m"',
            {"age": 180.0},
            {"age": 3.0},
            "No recent heartbeat from API",
            "Jobs: the last heartbeat has been at most 2 minutes old again",
        ),
    ],
)
def test_each_rule_ends_in_its_own_words(
    engine: Engine,
    load: Load,
    condition: str,
    sick: dict[str, Any],
    well: dict[str, Any],
    title: str,
    ended: str,
) -> None:
    load(
        '[[components]]\nslug = "api"\nname = "API"\n[[components.probes]]\nslug = "jobs"\nname = "Jobs"\n'
        'kind = "heartbeat"\ntoken = "abcdefghijklmnopqrst"\nmax_age = "10m"\n'
        f'[[components.probes.rules]]\nslug = "it"\n{condition}\nthen = ["incident"]\n'
    )
    engine.finds("jobs", latency_ms=None, **sick)
    assert Incident.objects.get().title == title
    engine.wait()
    engine.finds("jobs", latency_ms=None, **well)
    assert spoken()[-1].startswith(f"{ended} since 12:00 UTC. It lasted ")


def test_an_outage_and_a_rule_that_both_end_are_both_said(engine: Engine, load: Load) -> None:
    load(page("incident").replace("opens_incident = false\nfailure_threshold = 5", "failure_threshold = 2"))
    slow(engine)
    for outcome in (DOWN, DOWN, UP, UP):
        engine.finds("api", outcome)
        engine.wait()
    assert spoken()[-1] == (
        "API has been responding again and API has answered within 200 ms again since 12:02 UTC. "
        "The outage lasted 2 minutes."
    )


# --- what does not count ---------------------------------------------------------------------------------------------


def test_in_maintenance_nothing_fires_and_everything_starts_over(engine: Engine, load: Load) -> None:
    load(page("page", "degrade", "incident"))
    slow(engine, 2)
    window = Maintenance.objects.create(
        reference="MNT-1",
        title="Work",
        status=MaintenanceStatus.IN_PROGRESS,
        scheduled_for=engine.now,
        scheduled_until=engine.now + timedelta(hours=1),
    )
    window.components.add(api())
    slow(engine, 5)
    assert rule().firing_since is None
    Maintenance.objects.update(status=MaintenanceStatus.COMPLETED)
    slow(engine, 2)
    assert rule().firing_since is None
    slow(engine, 1)
    assert rule().firing_since is not None


def test_what_fires_when_maintenance_begins_ends(engine: Engine, load: Load) -> None:
    load(page("page", "degrade"))
    slow(engine)
    window = Maintenance.objects.create(
        reference="MNT-1",
        title="Work",
        status=MaintenanceStatus.IN_PROGRESS,
        scheduled_for=engine.now,
        scheduled_until=engine.now + timedelta(hours=1),
    )
    window.components.add(api())
    slow(engine, 1)
    assert not Signal.objects.unresolved().exists()
    assert not StatusClaim.objects.filter(source_id="api#slow").exists()


def test_after_a_silence_of_ours_nothing_has_lasted(engine: Engine, load: Load) -> None:
    load(page("page"))
    slow(engine, 2)
    engine.wait(timedelta(minutes=10))
    slow(engine, 2)
    assert rule().firing_since is None
    slow(engine, 1)
    assert rule().firing_since is not None


def test_during_a_silence_the_claim_is_withdrawn_and_on_call_stays_told(engine: Engine, load: Load) -> None:
    load(page("page", "degrade"))
    slow(engine)
    engine.wait(timedelta(minutes=10))
    assert expire_stale() == 1
    assert api().status == "unknown"
    assert Signal.objects.get().state == "firing"
    slow(engine, 1)
    assert api().status == "degraded_performance"
    engine.finds("api")
    assert api().status == "operational"
    assert Signal.objects.get().state == "resolved"


def test_a_silence_withdraws_the_claim_of_a_rule_whose_probe_knows_nothing(engine: Engine, load: Load) -> None:
    load(page("degrade"))
    slow(engine)
    for _ in range(6):
        engine.finds("api", ERROR)
        engine.wait()
    assert api().status == "degraded_performance"
    engine.wait(timedelta(minutes=10))
    expire_stale()
    assert api().status == "unknown"


def test_a_result_that_comes_twice_or_late_moves_no_rule(engine: Engine, load: Load) -> None:
    load(page("page", lasting="30s"))
    slow(engine, 1)
    at = engine.now - timedelta(seconds=30)
    engine.finds("api", latency_ms=300, at=at)
    engine.finds("api", latency_ms=300, at=at - timedelta(seconds=30))
    assert rule().firing_since is None
    slow(engine, 1)
    assert rule().firing_since is not None
    engine.finds("api", latency_ms=1, at=at - timedelta(seconds=60))
    assert rule().firing_since is not None


# --- dependencies ----------------------------------------------------------------------------------------------------


def test_while_a_dependency_fails_nobody_is_paged_and_then_they_are(engine: Engine, load: Load) -> None:
    load(page("page", "incident", "degrade", probe='depends_on = ["db"]\n'))
    for _ in range(2):
        engine.finds("db", DOWN)
        engine.wait()
    slow(engine)
    assert api().status == "degraded_performance"
    assert not Signal.objects.exists()
    assert not Incident.objects.exists()
    for _ in range(2):
        engine.finds("db")
        engine.wait()
    slow(engine, 1)
    assert Signal.objects.get().fingerprint == "probe:api#slow"
    assert Incident.objects.count() == 1
    assert not rule().is_held_back


def test_what_waited_is_told_by_the_next_result_once_the_dependency_is_well(engine: Engine, load: Load) -> None:
    """Nothing else happens to the rule meanwhile: it neither begins nor ceases, nor is there a silence."""
    load(page("page", probe='depends_on = ["db"]\n'))
    for _ in range(4):
        engine.finds("db", DOWN)
        slow(engine, 1)
    assert rule().is_held_back
    for _ in range(3):
        engine.finds("db")
        slow(engine, 1)
    assert Signal.objects.get().fingerprint == "probe:api#slow"


def test_what_ends_while_it_waits_for_a_dependency_was_never_told(engine: Engine, load: Load) -> None:
    load(page("page", probe='depends_on = ["db"]\n'))
    for _ in range(2):
        engine.finds("db", DOWN)
        engine.wait()
    slow(engine)
    assert rule().is_held_back
    engine.finds("api")
    assert not rule().is_held_back
    assert not Signal.objects.exists()


# --- locations -------------------------------------------------------------------------------------------------------

THREE = 'locations = ["eu", "us", "ap"]\n'


def test_a_rule_fires_where_most_locations_see_it(engine: Engine, load: Load) -> None:
    load(page("page", probe=THREE))
    for _ in range(4):
        engine.finds("api", latency_ms=300, location="eu")
        engine.finds("api", latency_ms=30, location="us")
        engine.finds("api", latency_ms=30, location="ap")
        engine.wait()
    assert RuleState.objects.filter(is_firing=True).count() == 1
    assert rule().firing_since is None
    for _ in range(3):
        engine.finds("api", latency_ms=300, location="us")
        engine.wait()
    assert rule().firing_since is not None
    engine.finds("api", latency_ms=30, location="eu")
    engine.finds("api", latency_ms=30, location="ap")
    assert rule().firing_since is None


def test_it_fires_since_the_first_location_saw_it(engine: Engine, load: Load) -> None:
    load(page("page", probe=THREE + "quorum = 1\n"))
    slow(engine, location="eu")
    begun_at = rule().firing_since
    assert begun_at is not None
    for _ in range(3):
        engine.finds("api", latency_ms=300, location="eu")
        slow(engine, 1, location="us")
    assert RuleState.objects.filter(is_firing=True).count() == 2
    assert rule().firing_since == begun_at


def test_a_location_that_went_silent_has_no_say(engine: Engine, load: Load) -> None:
    load(page("page", probe=THREE + "quorum = 2\n"))
    for location in ("us", "ap"):
        engine.finds("api", location=location)
    engine.wait(timedelta(minutes=10))
    slow(engine, location="eu")
    assert rule().firing_since is not None


# --- configuration ---------------------------------------------------------------------------------------------------


def test_loading_the_same_rules_again_changes_nothing(engine: Engine, load: Load) -> None:
    text = page("page", "degrade")
    load(text)
    slow(engine)
    assert "nothing" in load(text).lower()
    assert rule().firing_since is not None


def test_a_rule_that_was_changed_starts_over(engine: Engine, load: Load) -> None:
    load(page("page", "degrade"))
    slow(engine)
    printed = load(page("page", "degrade", lasting="2m"))
    assert "rules" in printed
    assert "for 1m" in printed
    assert "for 2m" in printed
    assert (api().status, Signal.objects.get().state) == ("operational", "resolved")
    assert not RuleState.objects.exists()


def test_a_rule_that_was_taken_out_says_nothing_more(engine: Engine, load: Load) -> None:
    load(page("page", "degrade"))
    slow(engine)
    load(PAGE)
    assert not Rule.objects.exists()
    assert not Probe.objects.get(slug="api").has_rules
    assert (api().status, Signal.objects.get().state) == ("operational", "resolved")


@pytest.mark.parametrize("stop", [pause_probe, retire_probe])
def test_a_probe_that_is_not_measured_any_more_has_no_rule_that_fires(
    engine: Engine, load: Load, stop: Callable[..., None]
) -> None:
    load(page("page", "degrade"))
    slow(engine)
    stop(probe=Probe.objects.get(slug="api"))
    assert (api().status, Signal.objects.get().state) == ("unknown", "resolved")
    assert rule().firing_since is None


def test_a_probe_that_is_resumed_starts_over(engine: Engine, load: Load) -> None:
    load(page("page"))
    slow(engine)
    pause_probe(probe=Probe.objects.get(slug="api"))
    resume_probe(probe=Probe.objects.get(slug="api"))
    slow(engine, 2)
    assert rule().firing_since is None
    slow(engine, 1)
    assert Signal.objects.unresolved().count() == 1


def test_the_longest_slugs_fit_into_a_claim(engine: Engine, load: Load) -> None:
    probe, slug = "p" * 80, "r" * 40
    load(page("degrade", "page", slug=slug).replace('slug = "api"\nname = "API"\nkind', f'slug = "{probe}"\nkind'))
    for _ in range(3):
        engine.finds(probe, latency_ms=300)
        engine.wait()
    assert StatusClaim.objects.filter(source_id=f"{probe}#{slug}").exists()
    assert Signal.objects.get().fingerprint == f"probe:{probe}#{slug}"


# --- what it costs ---------------------------------------------------------------------------------------------------


def queries_of(engine: Engine, **options: float) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        engine.finds("api", **options)  # type: ignore[arg-type]  # the case says which
    engine.wait()
    return len(captured)


def test_rules_that_are_quiet_cost_three_queries_and_none_cost_nothing(engine: Engine, load: Load) -> None:
    load(PAGE)
    engine.finds("api")
    engine.wait()
    without = queries_of(engine)
    load(page("page", "degrade", "incident"))
    engine.finds("api")
    engine.wait()
    assert queries_of(engine) == without + 3


def test_a_rule_that_goes_on_firing_costs_two_queries_more(engine: Engine, load: Load) -> None:
    load(page("page", "degrade"))
    engine.finds("api")
    engine.wait()
    quiet = queries_of(engine)
    slow(engine)
    assert queries_of(engine, latency_ms=300) == quiet + 2


def test_a_row_keeps_where_each_rule_stands_at_each_location(engine: Engine, load: Load) -> None:
    load(page("page"))
    slow(engine, 1)
    state = RuleState.objects.get()
    row = ProbeLocation.objects.get(probe__slug="api")
    assert (state.location, state.last_value, state.last_at) == (row.location, 300.0, row.last_result_at)
