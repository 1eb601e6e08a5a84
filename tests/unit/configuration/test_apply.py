"""Applying a configuration: what changes, what is said, and what is left alone."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.management.base import CommandError
from pytest_django import DjangoAssertNumQueries

from components.enums import ComponentStatus
from components.models import Component, Group, Page, Region, StatusClaim
from components.services import set_staff_status
from incidents.models import Incident, SeverityPolicy
from incidents.services import open_incident
from probes.models import Probe
from probes.services import pause_probe
from subscriptions.choices import apply_choice, read_choice
from subscriptions.models import Subscriber
from tests.unit.configuration.conftest import WHOLE, Load

SECOND = '\n[[components]]\nslug = "web"\nname = "Web"\n'


def test_everything_in_the_file_becomes_a_row(load: Load) -> None:
    load(WHOLE)
    page = Page.current()
    assert (page.name, page.url, page.time_zone, page.refresh_seconds) == (
        "Example",
        "https://status.example.com",
        "Europe/London",
        30,
    )
    api = Component.objects.get(slug="api")
    assert (api.name, api.note, api.group) == ("API gateway", "api.example.com", Group.objects.get(slug="platform"))
    assert list(api.regions.values_list("slug", "name")) == [
        ("eu-west", "Europe (Ireland)"),
        ("us-east", "us-east"),
    ]
    probe = Probe.objects.get(slug="api-http")
    assert (probe.component, probe.interval, probe.severity) == (
        api,
        timedelta(seconds=30),
        SeverityPolicy.objects.get(slug="critical"),
    )


def test_what_the_page_takes_from_visitors_and_whose_holidays_count_are_set(load: Load) -> None:
    said = 'accepts_reports = false\nreports_to_signal = 5\nreports_within = "30m"\nholidays = "DE-BY"\n'
    text = WHOLE.replace('refresh = "30s"\n', said)
    load(text)
    page = Page.current()
    assert (page.accepts_reports, page.reports_to_signal, page.holidays) == (False, 5, "DE-BY")
    assert page.reports_within == timedelta(minutes=30)
    assert load(text).startswith("Nothing to change.")


def test_without_a_word_about_it_visitors_may_report(load: Load) -> None:
    load(WHOLE)
    page = Page.current()
    assert (page.accepts_reports, page.reports_to_signal, page.reports_within) == (True, 3, timedelta(minutes=10))


def test_whether_there_is_a_report_of_each_month_is_set(load: Load) -> None:
    load(WHOLE)
    assert Page.current().monthly_report
    load(WHOLE.replace('refresh = "30s"\n', "monthly_report = false\n"))
    assert not Page.current().monthly_report


def test_the_second_time_there_is_nothing_to_change(load: Load) -> None:
    first = load(WHOLE)
    version = Page.current().version
    assert (
        load(WHOLE)
        == "Nothing to change.\n"
        + "".join(f"  severity {slug} is not in the file\n" for slug in ("major", "minor"))
        + "  --prune takes out what is not in the file.\n"
    )
    assert "+ component api\n" in first
    assert "+ probe api-http\n" in first
    assert Page.current().version == version


def test_the_page_is_published_anew_after_a_change(load: Load) -> None:
    version = Page.current().version
    load(WHOLE)
    assert Page.current().version > version


def test_what_changed_is_said_with_before_and_after(load: Load) -> None:
    load(WHOLE)
    printed = load(
        WHOLE.replace('interval = "30s"', 'interval = "60s"')
        .replace('note = "api.example.com"', "")
        .replace('refresh = "30s"', 'refresh = "1m"')
        .replace('"eu-west", "us-east"', '"us-east"')
    )
    assert "~ probe api-http: interval 30s → 1m\n" in printed
    assert '~ component api: note "api.example.com" → none\n' in printed
    assert "~ page: refresh 30s → 1m\n" in printed
    assert "~ component api: regions eu-west us-east → us-east\n" in printed


def test_private_incidents_are_the_default_of_the_page_once_it_says_so(load: Load) -> None:
    load(WHOLE)
    assert "~ page: private_incidents false → true\n" in load(
        WHOLE.replace('refresh = "30s"', 'refresh = "30s"\nprivate_incidents = true')
    )
    assert Page.current().private_incidents


def test_a_dry_run_says_the_same_and_writes_nothing(load: Load) -> None:
    dry = load(WHOLE, dry_run=True)
    assert not Component.objects.exists()
    assert not Probe.objects.exists()
    assert not Region.objects.exists()
    wet = load(WHOLE)
    assert [line for line in dry.splitlines() if line[0] in "+~-"] == [
        line for line in wet.splitlines() if line[0] in "+~-"
    ]
    assert "nothing was written" in dry


def test_what_the_file_no_longer_has_is_mentioned_and_stays(load: Load) -> None:
    load(WHOLE + SECOND)
    printed = load(SECOND)
    assert "  component api is not in the file\n" in printed
    assert "  probe api-http is not in the file\n" in printed
    assert Component.objects.active().filter(slug="api").exists()


def test_prune_retires_what_the_file_no_longer_has(load: Load) -> None:
    load(WHOLE + SECOND)
    printed = load(SECOND, prune=True)
    assert "- component api\n" in printed
    assert "- probe api-http\n" in printed
    assert "- group platform\n" in printed
    assert list(Component.objects.active().values_list("slug", flat=True)) == ["web"]
    assert not Probe.objects.active().exists()
    assert Component.objects.filter(slug="api", retired_at__isnull=False).exists()
    assert load(SECOND, prune=True) == "Nothing to change.\n"


def test_what_was_retired_comes_back_with_its_history(load: Load) -> None:
    load(WHOLE + SECOND)
    public_id = Component.objects.get(slug="api").public_id
    load(SECOND, prune=True)
    printed = load(WHOLE + SECOND)
    assert "+ component api (it was retired and is back)\n" in printed
    assert "+ probe api-http (it was retired and is back)\n" in printed
    assert Component.objects.active().get(slug="api").public_id == public_id


def test_the_order_of_the_file_is_the_order_of_the_page(load: Load) -> None:
    load('[[components]]\nslug = "b"\nname = "B"\n[[components]]\nslug = "a"\nname = "A"\n')
    assert [component.slug for component in Component.objects.visible()] == ["b", "a"]


def test_what_staff_said_stays(load: Load) -> None:
    load(WHOLE)
    api = Component.objects.get(slug="api")
    set_staff_status(component=api, status=ComponentStatus.PARTIAL_OUTAGE, actor="ada")
    open_incident(title="Slow", severity="critical", message="Looking.", impacts={api: ComponentStatus.MAJOR_OUTAGE})
    pause_probe(probe=Probe.objects.get(slug="api-http"))
    load(WHOLE.replace("API gateway", "API"))
    api.refresh_from_db()
    assert api.status == ComponentStatus.MAJOR_OUTAGE
    assert StatusClaim.objects.filter(component=api).count() == 2
    assert Incident.objects.open().count() == 1
    assert not Probe.objects.get(slug="api-http").is_enabled


def test_page_settings_that_are_not_in_the_file_stay(load: Load) -> None:
    Page.current()
    Page.objects.update(description="By hand")
    load('[page]\nname = "Example"\n')
    assert Page.current().description == "By hand"


def test_placeholders_of_the_page_come_from_the_environment(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_HOST", "status.example.org")
    load('[page]\nurl = "https://${PUBLIC_HOST}/"\n')
    assert Page.current().url == "https://status.example.org"


def test_placeholders_of_probes_stay_as_written(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET", "https://example.com")
    load(WHOLE.replace("http://127.0.0.1:9999", "${TARGET}"))
    assert Probe.objects.get().config["url"] == "${TARGET}/health"


def test_a_rung_keeps_its_words_and_takes_its_promises_from_the_file(load: Load) -> None:
    before = SeverityPolicy.objects.get(slug="critical")
    load('[[severities]]\nslug = "critical"\nfirst_update = "5m"\n')
    rung = SeverityPolicy.objects.get(slug="critical")
    assert (rung.name, rung.description) == (before.name, before.description)
    assert (rung.first_update, rung.update_every, rung.postmortem_business_days) == (timedelta(minutes=5), None, None)


def test_the_ladder_is_in_the_order_of_the_file(load: Load) -> None:
    load('[[severities]]\nslug = "sev-1"\nimpact = "critical"\n[[severities]]\nslug = "minor"\n')
    assert list(SeverityPolicy.objects.values_list("slug", "rank", "name")) == [
        ("sev-1", 1, "Sev 1"),
        ("minor", 2, "Minor"),
        ("critical", 3, "Critical"),
        ("major", 4, "Major"),
    ]


def test_prune_keeps_a_rung_that_incidents_have(load: Load) -> None:
    open_incident(title="Slow", severity="major", message="Looking.", impacts={})
    printed = load('[[severities]]\nslug = "critical"\n', prune=True)
    assert "- severity minor\n" in printed
    assert "severity major is not in the file and stays: incidents have it" in printed
    assert list(SeverityPolicy.objects.values_list("slug", flat=True)) == ["critical", "major"]


def test_prune_keeps_a_rung_that_a_probe_of_the_file_names(load: Load) -> None:
    named_by_a_probe = WHOLE.replace('severity = "critical"', 'severity = "major"')
    printed = load(named_by_a_probe, prune=True)
    assert "severity major is not in the file and stays: a probe names it" in printed
    assert list(SeverityPolicy.objects.values_list("slug", flat=True)) == ["critical", "major"]


HEARTBEATS = """\
[[components]]
slug = "jobs"
name = "Jobs"
[[components.probes]]
slug = "{}"
kind = "heartbeat"
token = "{}"
[[components.probes]]
slug = "{}"
kind = "heartbeat"
token = "{}"
"""


def test_two_heartbeats_may_swap_their_tokens(load: Load) -> None:
    load(HEARTBEATS.format("one", "a" * 16, "two", "b" * 16))
    hashes = dict(Probe.objects.values_list("slug", "token_hash"))
    load(HEARTBEATS.format("one", "b" * 16, "two", "a" * 16))
    assert dict(Probe.objects.values_list("slug", "token_hash")) == {"one": hashes["two"], "two": hashes["one"]}


def test_a_token_that_a_probe_outside_of_the_file_has_is_refused_until_that_is_pruned(load: Load) -> None:
    load(HEARTBEATS.format("one", "a" * 16, "two", "b" * 16))
    renamed = HEARTBEATS.format("uno", "a" * 16, "two", "b" * 16)
    with pytest.raises(CommandError, match="the probe one, not in this file, has it"):
        load(renamed)
    assert not Probe.objects.filter(slug="uno").exists()
    assert "+ probe uno\n" in load(renamed, prune=True)


@pytest.mark.parametrize("name", ["self", "tradesmen", "timeline", "driftstack", "opsmerge", "maintenance"])
def test_the_examples_load(load: Load, name: str) -> None:
    text = (Path(settings.BASE_DIR) / "examples" / f"{name}.toml").read_text()
    assert "+ component " in load(text)
    assert load(text).startswith("Nothing to change.")


@pytest.mark.parametrize("name", ["driftstack", "opsmerge", "maintenance"])
@pytest.mark.parametrize(
    "moment", ["2027-03-28T00:59Z", "2027-10-31T01:30Z", "2028-02-29T23:59Z", "2026-12-31T23:59Z"]
)
def test_examples_with_relative_times_load_at_any_moment(load: Load, name: str, moment: str) -> None:
    text = (Path(settings.BASE_DIR) / "examples" / f"{name}.toml").read_text()
    with time_machine.travel(datetime.fromisoformat(moment), tick=False):
        assert "+ maintenance MNT-" in load(text)


def test_many_components_cost_few_queries_each(
    load: Load, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    text = "".join(
        f'[[components]]\nslug = "c{number}"\nname = "C {number}"\n[[components.probes]]\nslug = "p{number}"\n'
        'kind = "disk"\npath = "/"\n'
        for number in range(40)
    )
    load(text)
    with django_assert_max_num_queries(40 * 8 + 25):
        load(text)


def test_tables_and_lists_of_tables_are_said_as_they_are_written(load: Load) -> None:
    url = 'url = "http://127.0.0.1:9999/health"'
    with_tables = url + '\nheaders = { Accept = "text/plain" }\nexpect_json = [{ path = "$.ok", value = true }]'
    load(WHOLE.replace(url, with_tables))
    printed = load(WHOLE.replace(url, with_tables.replace("text/plain", "text/html").replace("true", "false")))
    line = next(line for line in printed.splitlines() if line.startswith("~ probe api-http"))
    assert 'headers { Accept = "text/plain" } → { Accept = "text/html" }' in line
    before = 'expect_json { op = "==", path = "$.ok", value = true }'
    assert f'{before} → {{ op = "==", path = "$.ok", value = false }}' in line


def test_a_component_that_nothing_measures_may_begin_with_what_staff_say_and_is_theirs_afterwards(load: Load) -> None:
    text = '[[components]]\nslug = "api"\nname = "API"\nstatus = "operational"\n'
    load(text)
    component = Component.objects.get(slug="api")
    assert component.status == ComponentStatus.OPERATIONAL
    set_staff_status(component=component, status=ComponentStatus.PARTIAL_OUTAGE, actor="ada")
    assert load(text).startswith("Nothing to change.")
    component.refresh_from_db()
    assert component.status == ComponentStatus.PARTIAL_OUTAGE


def test_nobody_says_that_a_state_is_unknown(load: Load) -> None:
    with pytest.raises(CommandError, match="status"):
        load('[[components]]\nslug = "api"\nname = "API"\nstatus = "unknown"\n')
    assert not Component.objects.exists()


def test_who_chose_a_whole_group_has_what_is_added_to_it(load: Load) -> None:
    load(WHOLE)
    row = Subscriber.objects.create(address="ada@example.org")
    apply_choice(row, read_choice(groups=["platform"]))
    load(WHOLE + SECOND + 'group = "platform"\n')
    assert set(row.components.values_list("slug", flat=True)) == {"api", "web"}
