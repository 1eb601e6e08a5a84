"""`[[objectives]]` and `[sla]`: what is refused, what becomes of it, and what changed terms do."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.management.base import CommandError

from probes.models import Objective, SlaPolicy
from tests.unit.configuration.conftest import WHOLE, Load

NOON = datetime(2026, 10, 5, 12, 0, tzinfo=UTC)
HEARTBEAT = """
[[components]]
slug = "worker"
name = "Workers"

[[components.probes]]
slug = "worker-beat"
kind = "heartbeat"
token = "abcdefghijklmnopqrst"
max_age = "60s"
"""
AVAILABILITY = """
[[objectives]]
slug = "api-availability"
name = "API availability"
kind = "availability"
components = ["api"]
target = "99.9%"
"""
OTHERS = """
[[objectives]]
slug = "api-latency"
name = "Read endpoints"
kind = "latency"
groups = ["platform"]
window = "rolling_30d"
percentile = "p99"
limit = "1s"
publish_after = "30d"
say = "With caveats for slow analytical queries."

[[objectives]]
slug = "worker-age"
name = "Workers report"
kind = "heartbeat_age"
components = ["worker"]
limit = "60s"

[[objectives]]
slug = "backups"
name = "Backups"
kind = "statement"
say = "Encrypted snapshots at least daily; restore is drilled."
"""
SLA = '''
[sla]
name = "SLA of the control plane"
text = """
Measured in **five-minute** intervals.
"""
dispute = "Write to help@example.com within 30 days."
components = ["api"]
window = "rolling_30d"

[[sla.tiers]]
slug = "TEAM"
name = "Team"
target = "99.9%"

[[sla.tiers.credits]]
below = "99.9%"
credit = "10%"

[[sla.tiers.credits]]
below = "99%"
credit = "25%"
'''
EVERYTHING = WHOLE + HEARTBEAT + AVAILABILITY + OTHERS + SLA


def objective(slug: str = "api-availability") -> Objective:
    return Objective.objects.current().get(slug=slug)


def test_every_promise_becomes_a_row(load: Load) -> None:
    load(EVERYTHING)
    rows = {row.slug: row for row in Objective.objects.all()}
    assert list(rows) == ["api-availability", "api-latency", "worker-age", "backups"]
    assert (rows["api-availability"].target, rows["api-availability"].window) == (Decimal("99.9"), "calendar_month")
    latency = rows["api-latency"]
    assert (latency.percentile, latency.limit, latency.publish_after) == (
        99,
        timedelta(seconds=1),
        timedelta(days=30),
    )
    assert [group.slug for group in latency.groups.all()] == ["platform"]
    assert rows["worker-age"].percentile == 95
    assert (rows["backups"].say, rows["backups"].components.count()) == (
        "Encrypted snapshots at least daily; restore is drilled.",
        0,
    )
    policy = SlaPolicy.objects.get()
    assert policy.text == "Measured in **five-minute** intervals."
    tier = policy.tiers.get()
    assert (tier.slug, tier.target) == ("TEAM", Decimal("99.9"))
    assert [(band.below, band.credit) for band in tier.bands.all()] == [
        (Decimal("99.9"), Decimal(10)),
        (Decimal(99), Decimal(25)),
    ]


def test_the_second_time_there_is_nothing_to_change(load: Load) -> None:
    load(EVERYTHING)
    assert load(EVERYTHING).startswith("Nothing to change.\n")


def test_a_dry_run_writes_no_promise(load: Load) -> None:
    assert "+ objective api-availability\n" in load(EVERYTHING, dry_run=True)
    assert not Objective.objects.exists()
    assert not SlaPolicy.objects.exists()


def test_changed_terms_end_a_promise_and_begin_another(load: Load) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        load(WHOLE + AVAILABILITY)
        clock.shift(timedelta(days=3))
        said = load(WHOLE + AVAILABILITY.replace("99.9%", "99.5%"))
    old, new = Objective.objects.order_by("started_at")
    assert "~ objective api-availability: target" in said
    assert (old.target, old.started_at, old.ended_at) == (Decimal("99.9"), NOON, NOON + timedelta(days=3))
    assert (new.target, new.started_at, new.ended_at) == (Decimal("99.5"), NOON + timedelta(days=3), None)


def test_other_words_leave_the_promise_as_it_is(load: Load) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        load(WHOLE + AVAILABILITY)
        clock.shift(timedelta(days=3))
        load(WHOLE + AVAILABILITY.replace('"API availability"', '"The API"'))
    row = Objective.objects.get()
    assert (row.name, row.started_at) == ("The API", NOON)


def test_a_slip_of_the_pen_on_the_first_day_is_simply_changed(load: Load) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        load(WHOLE + AVAILABILITY)
        clock.shift(timedelta(hours=3))
        load(WHOLE + AVAILABILITY.replace("99.9%", "99.5%"))
    row = Objective.objects.get()
    assert (row.target, row.started_at) == (Decimal("99.5"), NOON)


def test_a_promise_may_have_been_made_before_it_was_loaded(load: Load) -> None:
    since = AVAILABILITY + "since = 2026-01-01\n"
    with time_machine.travel(NOON, tick=False):
        load(WHOLE.replace("Europe/London", "Europe/Berlin") + since)
    assert objective().started_at == datetime(2025, 12, 31, 23, 0, tzinfo=UTC)


def test_without_prune_an_absent_promise_stays(load: Load) -> None:
    load(EVERYTHING)
    said = load(WHOLE + HEARTBEAT)
    assert "objective backups is not in the file\n" in said
    assert "sla SLA of the control plane is not in the file\n" in said
    assert Objective.objects.current().count() == 4


def test_pruning_ends_promises_and_keeps_the_months_in_which_they_held(load: Load) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        load(EVERYTHING)
        clock.shift(timedelta(days=3))
        said = load(WHOLE + HEARTBEAT, prune=True)
        assert "- objective backups\n" in said
        assert "- sla SLA of the control plane\n" in said
        assert not Objective.objects.current().exists()
        assert not SlaPolicy.objects.current().exists()
        clock.shift(timedelta(days=1))
        load(EVERYTHING)
    assert Objective.objects.filter(slug="backups").count() == 2
    assert SlaPolicy.objects.count() == 2


def test_an_sla_of_tiers_alone_misses_its_name_on_a_line(load: Load) -> None:
    text = '[page]\nname = "Example"\n\n[[sla.tiers]]\nslug = "TEAM"\nname = "Team"\ntarget = "99%"\n'
    with pytest.raises(CommandError, match=r"\.toml:4: sla\.name is missing; expected a text of 1 to 160 characters"):
        load(text)


def test_changed_credits_begin_a_new_sla(load: Load) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        load(EVERYTHING)
        clock.shift(timedelta(days=3))
        load(EVERYTHING.replace('credit = "25%"', 'credit = "30%"'))
        load(EVERYTHING.replace('credit = "25%"', 'credit = "35%"'))
    old, new = SlaPolicy.objects.order_by("started_at")
    assert (old.ended_at, new.started_at) == (NOON + timedelta(days=3), NOON + timedelta(days=3))
    assert new.tiers.get().bands.filter(credit=35).exists()


def test_a_reworded_dispute_is_the_same_sla(load: Load) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        load(EVERYTHING)
        clock.shift(timedelta(days=3))
        load(EVERYTHING.replace("within 30 days", "within 60 days"))
    assert SlaPolicy.objects.get().dispute == "Write to help@example.com within 60 days."


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('target = "99.9%"', 'target = "99.9"', 'objectives[0].target is "99.9"; expected a percentage above 0'),
        ('target = "99.9%"', "target = 99.9", "objectives[0].target is 99.9; expected a percentage"),
        ('target = "99.9%"', 'target = "0%"', "objectives[0].target"),
        ('target = "99.9%"', "", "objectives[0].target is missing"),
        ('kind = "availability"', 'kind = "uptime"', "objectives[0].kind"),
        ('kind = "availability"', "", "objectives[0].kind is missing"),
        ('components = ["api"]\ntarget', 'components = ["apy"]\ntarget', "instead of apy"),
        ('components = ["api"]\ntarget', "target", "objectives[0].components is missing"),
        ('groups = ["platform"]\nwin', 'groups = ["plate"]\nwin', "instead of plate"),
        ('window = "rolling_30d"\nperc', 'window = "week"\nperc', "objectives[1].window"),
        ('percentile = "p99"', 'percentile = "p90"', "objectives[1].percentile"),
        ('limit = "1s"', 'limit = "soon"', "objectives[1].limit"),
        ('limit = "1s"', "", "objectives[1].limit is missing"),
        ('limit = "1s"', 'limit = "1s"\ntarget = "99%"', "objectives[1].target"),
        ('limit = "60s"', 'limit = "30s"', "at least the max_age of the probe worker-beat"),
        ('components = ["worker"]', 'components = ["api"]', "a probe of kind heartbeat"),
        ('kind = "statement"', 'kind = "statement"\ncomponents = ["api"]', "objectives[3].components"),
        ('say = "Encrypted', 'words = "Encrypted', "objectives[3].say is missing"),
        ('slug = "backups"', 'slug = "api-latency"', "a slug of its own: objectives[1] has this one"),
        ('slug = "TEAM"', 'slug = "TE AM"', "sla.tiers[0].slug"),
        ('below = "99%"', 'below = "99.9%"', "sla.tiers[0].credits[1].below"),
        ('below = "99.9%"', 'below = "99.95%"', "at most the tier's target"),
        ('credit = "25%"', 'credit = "10%"', "more than that of the band before it"),
        ('credit = "25%"', 'credit = "125%"', "sla.tiers[0].credits[1].credit"),
        ('components = ["api"]\nwindow', 'components = ["wep"]\nwindow', "sla.components"),
        ('name = "SLA of', 'nom = "SLA of', "sla.name is missing"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_written(load: Load, old: str, new: str, sentence: str) -> None:
    assert old in EVERYTHING
    with pytest.raises(CommandError) as refusal:
        load(EVERYTHING.replace(old, new, 1))
    assert sentence in str(refusal.value)
    assert not Objective.objects.exists()


def test_two_tiers_of_one_slug_are_refused(load: Load) -> None:
    second = '\n[[sla.tiers]]\nslug = "TEAM"\nname = "Team"\ntarget = "99%"\n'
    with pytest.raises(CommandError, match="another tier has this one"):
        load(EVERYTHING + second)


def test_a_day_that_is_none_is_refused(load: Load) -> None:
    with pytest.raises(CommandError, match=r"objectives\[0\].since"):
        load(WHOLE + AVAILABILITY + 'since = "last spring"\n')
