"""Whatever is wrong in the file: it is refused whole, with file, line, key, value and what was expected."""

import re
from contextlib import suppress

import pytest
from django.core.management.base import CommandError
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.models import Component, Group, Page, Region
from incidents.models import SeverityPolicy
from probes.models import Probe
from tests.unit.configuration.conftest import WHOLE, Load

CASES = [
    # what is replaced, by what, the key that is named, what is said
    ('name = "Example"', "name = 7", "page.name", "is 7; expected a text"),
    ('name = "Example"', 'name = "  "', "page.name", "expected a text of 1 to 120"),
    ('name = "Example"', f'name = "{"x" * 121}"', "page.name", "expected a text of 1 to 120"),
    ('name = "Example"', 'name = "${NOT_SET_ANYWHERE}"', "page.name", "variable NOT_SET_ANYWHERE to be set"),
    ('name = "Example"', 'nmae = "Example"', "page.nmae", "did you mean name?"),
    ("https://status.example.com", "javascript:alert(1)", "page.url", "begins with http:// or https://"),
    ("https://status.example.com", "https://user:secret@x.example", "page.url", "***@"),
    ("https://status.example.com", "https://x.example/?a=b", "page.url", "no user, query or fragment"),
    ("https://status.example.com", "https://", "page.url", "begins with"),
    ("https://status.example.com", "https://[::1", "page.url", "begins with"),
    ("https://status.example.com", "https://x:99999", "page.url", "begins with"),
    ("https://status.example.com", "", "page.url", "expected a text of 1"),
    ("Europe/London", "Europe/Londno", "page.time_zone", "IANA time zone"),
    ("Europe/London", "../../etc/passwd", "page.time_zone", "IANA time zone"),
    ("Europe/London", "Europe", "page.time_zone", "IANA time zone"),
    ("https://example.com/help", "example.com", "page.support_url", "begins with"),
    ("help@example.com", "help at example", "page.support_email", "e-mail address"),
    ("help@example.com", "a@example.com,b@example.com", "page.support_email", "e-mail address"),
    ('refresh = "30s"', 'refresh = "1s"', "page.refresh", "a duration from 5s to 1h"),
    ('refresh = "30s"', 'refresh = "2h"', "page.refresh", "a duration from 5s to 1h"),
    ('refresh = "30s"', "refresh = 30", "page.refresh", "a duration from 5s to 1h"),
    ('refresh = "30s"', 'private_incidents = "yes"', "page.private_incidents", "true or false"),
    ('refresh = "30s"', 'accepts_reports = "no"', "page.accepts_reports", "true or false"),
    ('refresh = "30s"', 'monthly_report = "monthly"', "page.monthly_report", "true or false"),
    ('refresh = "30s"', "reports_to_signal = -1", "page.reports_to_signal", "a whole number from 0 to 1000"),
    ('refresh = "30s"', "reports_to_signal = true", "page.reports_to_signal", "a whole number from 0 to 1000"),
    ('refresh = "30s"', 'reports_to_signal = "3"', "page.reports_to_signal", "a whole number from 0 to 1000"),
    ('refresh = "30s"', 'reports_within = "5s"', "page.reports_within", "a duration from 1m to 1d"),
    ('refresh = "30s"', 'reports_within = "2d"', "page.reports_within", "a duration from 1m to 1d"),
    ('refresh = "30s"', 'holidays = "Atlantis"', "page.holidays", "such as GB or DE-BY"),
    ('refresh = "30s"', 'holidays = "DE-XX"', "page.holidays", "such as GB or DE-BY"),
    ('refresh = "30s"', "holidays = 49", "page.holidays", "expected a text"),
    ('[page]\nname = "Example"', '[pagee]\nname = "Example"', "pagee", "did you mean page?"),
    ('slug = "critical"', 'slug = "Critical!"', "severities[0].slug", "lower-case letters"),
    ('first_update = "15m"', 'first_update = "soon"', "severities[0].first_update", "a duration from 1m to 7d"),
    ('update_every = "30m"', "update_every = true", "severities[0].update_every", "a duration from 1m to 7d"),
    ('postmortem = "7bd"', 'postmortem = "7d"', "severities[0].postmortem", 'business days, such as "7bd"'),
    ('postmortem = "7bd"', 'impact = "huge"', "severities[0].impact", "one of none, minor, major, critical"),
    ('name = "Platform"', "", "groups[0].name", "is missing; expected a text"),
    ('slug = "platform"', "", "groups[0].slug", "is missing; expected lower-case"),
    ('name = "Europe (Ireland)"', "nam = 'x'", "regions[0].nam", "did you mean name?"),
    ('slug = "api"', "slug = 1", "components[0].slug", "is 1; expected lower-case"),
    ('name = "API gateway"', "name = ['x']", "components[0].name", 'is ["x"]; expected a text'),
    ('group = "platform"', 'group = "plattform"', "components[0].group", "a group in this file: platform"),
    ('group = "platform"', "gruop = 'platform'", "components[0].gruop", "did you mean group?"),
    ('["eu-west", "us-east"]', '["eu-west", 5]', "components[0].regions[1]", "is 5; expected lower-case"),
    ('["eu-west", "us-east"]', '"eu-west"', "components[0].regions", "a list of slugs"),
    ('slug = "api-http"', 'slug = "Api"', "components[0].probes[0].slug", "lower-case"),
    ('kind = "http"', 'kind = "htpp"', "components[0].probes[0].kind", "one of http, tcp"),
    ("http://127.0.0.1:9999/health", "gopher://x", "components[0].probes[0].url", "http://"),
    ("allow_private = true", "", "components[0].probes[0].url", "allow_private"),
    ('interval = "30s"', 'interval = "0s"', "components[0].probes[0].interval", "expected a duration"),
    ('timeout = "5s"', 'timeout = "50s"', "components[0].probes[0].timeout", "at most the interval"),
    ('degraded_above = "500ms"', "degraded_above = 5", "components[0].probes[0].degraded_above", "a duration"),
    ("failure_threshold = 3", "failure_threshold = 0", "components[0].probes[0].failure_threshold", "whole number"),
    ("recovery_threshold = 2", "recovery_threshold = '2'", "components[0].probes[0].recovery_threshold", "whole"),
    ("opens_incident = true", "opens_incident = 1", "components[0].probes[0].opens_incident", "true or false"),
    ('severity = "critical"', 'severity = "huge"', "components[0].probes[0].severity", "severity: critical"),
    ("expect_status = [200]", "expect_status = 200", "components[0].probes[0].expect_status", "a list"),
    ('expect_body = "ok"', "expect_body = 3", "components[0].probes[0].expect_body", "a text"),
    ('expect_body = "ok"', 'expct_body = "ok"', "components[0].probes[0].expct_body", "expect_body"),
    ("[[components.probes]]", "[components.probes]", "components[0].probes", "written [[components.probes]]"),
    ("[[groups]]", "[groups]", "groups", "a list of tables"),
]


def everything() -> list[object]:
    models = (Page, SeverityPolicy, Group, Region, Component, Probe)
    return [list(model._default_manager.order_by("pk").values()) for model in models]


@pytest.mark.parametrize(("old", "new", "key", "said"), CASES)
def test_a_wrong_key_is_named_and_nothing_is_written(load: Load, old: str, new: str, key: str, said: str) -> None:
    assert WHOLE.count(old) >= 1
    before = everything()
    with pytest.raises(CommandError) as caught:
        load(WHOLE.replace(old, new, 1))
    named = [
        line for line in str(caught.value).splitlines() if re.search(rf"page\.toml:(\d+:)? {re.escape(key)} ", line)
    ]
    assert named, str(caught.value)
    assert any(said in line for line in named), named
    assert "secret" not in str(caught.value)
    assert everything() == before


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_file(load: Load) -> None:
    text = WHOLE.replace("Europe/London", "Mars").replace('"7bd"', '"7"').replace('kind = "http"', 'kind = "ftp"')
    with pytest.raises(CommandError) as caught:
        load(text)
    first, *lines = str(caught.value).splitlines()
    assert first.startswith("3 things are wrong in")
    assert [line.split(": ")[1].split(" ")[0] for line in lines] == [
        "page.time_zone",
        "severities[0].postmortem",
        "components[0].probes[0].kind",
    ]


@pytest.mark.parametrize(
    ("block", "key"),
    [
        ('[[groups]]\nslug = "platform"\nname = "Again"\n', "groups[1].slug"),
        ('[[severities]]\nslug = "critical"\n', "severities[1].slug"),
        ('[[regions]]\nslug = "eu-west"\n', "regions[1].slug"),
        ('[[components]]\nslug = "api"\nname = "Again"\n', "components[1].slug"),
        (
            (
                '[[components]]\nslug = "b"\nname = "B"\n'
                '[[components.probes]]\nslug = "api-http"\nkind = "disk"\npath = "/"\n'
            ),
            "components[1].probes[0].slug",
        ),
    ],
)
def test_a_slug_belongs_to_one_thing(load: Load, block: str, key: str) -> None:
    with pytest.raises(CommandError, match="a slug of its own") as caught:
        load(WHOLE + block)
    assert f" {key} is " in str(caught.value)


def test_a_heartbeat_token_belongs_to_one_probe_and_is_not_shown(load: Load) -> None:
    probe = '[[components.probes]]\nslug = "{}"\nkind = "heartbeat"\ntoken = "0123456789abcdef"\n'
    with pytest.raises(CommandError, match="a token of its own") as caught:
        load(WHOLE + probe.format("one") + probe.format("two"))
    assert "0123456789abcdef" not in str(caught.value)


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=False, allow_infinity=False).map(
        lambda number: repr(number) if "e" not in repr(number) else "1.5"
    ),
    st.text(
        alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"], exclude_characters="\\\"'"),
        max_size=200,
    ),
    st.just("[]"),
    st.just("[1, [2], {a = 1}]"),
    st.just("{a = {b = 1}}"),
    st.just("1979-05-27T07:32:00Z"),
)
LINES = [number for number, line in enumerate(WHOLE.splitlines()) if "=" in line]


def as_toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and not re.match(r"[\[{]|1979|-?\d+\.", value):
        return f'"{value}"'
    return str(value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(line=st.sampled_from(LINES), value=SCALARS)
def test_any_value_anywhere_is_applied_whole_or_refused_in_a_sentence(load: Load, line: int, value: object) -> None:
    lines = WHOLE.splitlines()
    lines[line] = f"{lines[line].partition('=')[0]}= {as_toml(value)}"
    before = everything()
    with suppress(CommandError):
        load("\n".join(lines), dry_run=True)
    assert everything() == before
    assert not connection.needs_rollback
