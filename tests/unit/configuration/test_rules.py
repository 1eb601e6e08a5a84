"""Rules and workers in the file: where a mistake is said to be, and what applying says."""

from pathlib import Path

import pytest
from django.core.management import CommandError

from incidents.models import SeverityPolicy
from probes.models import Probe, Rule
from tests.unit.configuration.conftest import Load

PAGE = """\
[[components]]
slug = "workers"
name = "Workers"

[[components.probes]]
slug = "workers"
kind = "workers"
token = "{token}"
workers = ["push"]

[[components.probes.rules]]
slug = "stale"
when = "heartbeat_older_than"
limit = "5m"
then = ["page"]
"""
FAILED_JOBS = """
[[components.probes.rules]]
when = "value_above"
value = "failed_jobs"
limit = {limit}
then = ["incident"]
severity = "{severity}"
"""
TOKEN = "workers-0123456789"


def page(*, limit: object = 0, severity: str = "minor", token: str = TOKEN) -> str:
    return PAGE.format(token=token) + FAILED_JOBS.format(limit=limit, severity=severity)


def test_rules_are_applied_in_the_order_of_the_file(load: Load) -> None:
    load(page())
    rules = list(Rule.objects.values_list("slug", "limit", "value", "pages", "opens_incident", "severity__slug"))
    assert rules == [
        ("stale", 300.0, "", True, False, None),
        ("value-above", 0.0, "failed_jobs", False, True, "minor"),
    ]
    assert Probe.objects.get().has_rules


def test_what_changes_is_said_as_the_whole_rule(load: Load) -> None:
    load(page())
    printed = load(page(limit=10))
    assert "value-above (value_above of failed_jobs 0: incident minor" in printed
    assert "value-above (value_above of failed_jobs 10: incident minor" in printed


def test_only_another_severity_is_a_change_too(load: Load) -> None:
    load(page())
    assert "incident minor" in load(page(severity="major"))
    assert Rule.objects.get(slug="value-above").severity == SeverityPolicy.objects.get(slug="major")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (page(limit='"many"'), 'page.toml:20: components[0].probes[0].rules[1].limit is "many"; expected a number.'),
        (
            page(severity="nasty"),
            'page.toml:22: components[0].probes[0].rules[1].severity is "nasty"; expected the slug of a severity: ',
        ),
    ],
)
def test_a_mistake_is_said_at_its_line(load: Load, text: str, sentence: str) -> None:
    with pytest.raises(CommandError) as refused:
        load(text)
    assert sentence in str(refused.value)
    assert not Rule.objects.exists()


def test_two_probes_have_two_tokens(load: Load) -> None:
    second = """
[[components.probes]]
slug = "nightly"
kind = "heartbeat"
token = "workers-0123456789"
"""
    with pytest.raises(CommandError, match="a token of its own"):
        load(PAGE.format(token=TOKEN) + second)


def test_a_token_of_workers_is_not_kept(load: Load, tmp_path: Path) -> None:
    load(page())
    probe = Probe.objects.get()
    assert probe.token_hash
    assert TOKEN not in str(probe.config)
