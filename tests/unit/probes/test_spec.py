"""What configuration may say about a probe, and what it is told when it says something else."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from probes.checkers import CONFIGS
from probes.enums import ProbeKind
from probes.spec import ProbeSpec, parse_probe_spec
from statuspage.core.errors import ConfigurationError
from statuspage.core.tokens import hash_token

HTTP = {"slug": "api-http", "kind": "http", "url": "https://api.example.com/health"}
KEY = "components[0].probes[1]"


def parse(
    mapping: dict[str, Any], environ: dict[str, str] | None = None
) -> tuple[ProbeSpec | None, list[ConfigurationError]]:
    return parse_probe_spec(mapping, key=KEY, environ=environ or {})


def accept(mapping: dict[str, Any], environ: dict[str, str] | None = None) -> ProbeSpec:
    spec, errors = parse(mapping, environ)
    assert errors == []
    assert spec is not None
    return spec


def refuse(mapping: dict[str, Any], environ: dict[str, str] | None = None) -> list[str]:
    """The sentences, each with the table's path taken off."""
    spec, errors = parse(mapping, environ)
    assert spec is None
    assert all(error.key.startswith(f"{KEY}.") for error in errors)
    return [str(error).removeprefix(f"{KEY}.") for error in errors]


def test_the_shortest_probe_has_defaults_for_the_rest() -> None:
    assert accept(HTTP) == ProbeSpec(
        slug="api-http",
        name="api http",
        kind=ProbeKind.HTTP,
        config={"url": "https://api.example.com/health", "expect_status": [], "expect_body": ""},
        interval=timedelta(seconds=30),
        timeout=timedelta(seconds=5),
        degraded_above=None,
        failure_threshold=3,
        recovery_threshold=2,
        opens_incident=True,
        severity="",
        allow_private=False,
    )


def test_every_key_of_the_contract_is_read() -> None:
    spec = accept(
        {
            "slug": "api-http",
            "name": "API",
            "kind": "http",
            "url": "http://127.0.0.1:9999/health",
            "interval": "1m",
            "timeout": "2s",
            "degraded_above": "500ms",
            "failure_threshold": 4,
            "recovery_threshold": 1,
            "opens_incident": False,
            "severity": "critical",
            "expect_status": [200, 204],
            "expect_body": "ok",
            "allow_private": True,
        }
    )
    assert (spec.name, spec.interval, spec.timeout) == ("API", timedelta(minutes=1), timedelta(seconds=2))
    assert (spec.degraded_above, spec.failure_threshold) == (timedelta(milliseconds=500), 4)
    assert (spec.recovery_threshold, spec.opens_incident, spec.severity) == (1, False, "critical")
    assert spec.config["expect_status"] == [200, 204]
    assert spec.allow_private


@pytest.mark.parametrize(
    ("mapping", "config"),
    [
        ({"kind": "tcp", "host": "db.example.com", "port": 5432}, {"host": "db.example.com", "port": 5432}),
        ({"kind": "postgres", "url": "default"}, {"url": "default"}),
        ({"kind": "redis", "url": "rediss://cache.example.com/1"}, {"url": "rediss://cache.example.com/1"}),
        ({"kind": "disk", "path": "/var/lib"}, {"path": "/var/lib"}),
        (
            {"kind": "heartbeat", "source": "worker", "max_age": "2m"},
            {"token": "", "token_hash": "", "source": "worker", "max_age": "2m"},
        ),
    ],
)
def test_each_kind_keeps_its_own_keys(mapping: dict[str, Any], config: dict[str, Any]) -> None:
    assert accept({"slug": "it", **mapping}).config == config


def test_all_errors_come_at_once_each_with_its_key_value_and_expectation() -> None:
    assert refuse({**HTTP, "url": "api.example.com", "interval": "often", "failure_threshold": 0}) == [
        'interval is "often"; expected a duration such as 500ms, 30s or 15m.',
        'url is "api.example.com"; expected a URL that begins with http:// or https:// and names a host.',
        "failure_threshold is 0; expected a whole number from 1 to 100.",
    ]


def test_an_unknown_key_names_the_nearest_known_one() -> None:
    assert refuse({**HTTP, "expect_statuses": [200]}) == [
        "expect_statuses is not a key here (did you mean expect_status?)."
    ]


def test_a_key_of_another_kind_is_told_from_an_unknown_one() -> None:
    assert refuse({"slug": "db", "kind": "tcp", "host": "db.example.com", "port": 1, "expect_body": "ok"}) == [
        'expect_body is "ok"; expected only keys that a tcp probe has: degraded_above, host, port.'
    ]


@pytest.mark.parametrize("kind", [None, "", "htpp", 5, ["http"]])
def test_an_unknown_kind_lists_the_known_ones(kind: Any) -> None:
    (sentence,) = refuse({"slug": "it", "kind": kind})
    assert sentence.endswith(f"expected one of {', '.join(CONFIGS)}.")


@pytest.mark.parametrize("slug", ["", "API", "a b", "-a", "a--b", "a/b", "x" * 81, 5])
def test_a_slug_is_lower_case_words(slug: Any) -> None:
    assert refuse({**HTTP, "slug": slug})[0].startswith("slug is ")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"interval": "500ms"}, 'interval is "500ms"; expected a duration from 1s to 1d.'),
        ({"interval": 30}, "interval is 30; expected a duration such as 500ms, 30s or 15m."),
        ({"interval": "5s", "timeout": "6s"}, 'timeout is "6s"; expected at most the interval.'),
        ({"timeout": "2m", "interval": "5m"}, 'timeout is "2m"; expected a duration from 10ms to 1m.'),
        (
            {"degraded_above": "6s"},
            'degraded_above is "6s"; expected less than the timeout, or nothing would ever be degraded.',
        ),
        ({"opens_incident": "yes"}, 'opens_incident is "yes"; expected true or false.'),
        ({"allow_private": 1}, "allow_private is 1; expected true or false."),
        ({"failure_threshold": True}, "failure_threshold is true; expected a whole number from 1 to 100."),
        ({"recovery_threshold": 101}, "recovery_threshold is 101; expected a whole number from 1 to 100."),
        ({"expect_status": 200}, "expect_status is 200; expected a list of HTTP statuses such as [200, 204]."),
        ({"expect_status": [99]}, "expect_status is [99]; expected a list of HTTP statuses from 200 to 599."),
        ({"name": 5}, "name is 5; expected a text."),
        ({"severity": "Very bad"}, 'severity is "Very bad"; expected lower-case letters, digits and single dashes'),
    ],
)
def test_a_wrong_value_says_what_was_expected(changes: dict[str, Any], sentence: str) -> None:
    (found,) = refuse(HTTP | changes)
    assert found.startswith(sentence)


def test_the_default_timeout_is_no_longer_than_a_short_interval() -> None:
    assert accept({**HTTP, "interval": "2s"}).timeout == timedelta(seconds=2)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]:8000/",
        "http://10.1.2.3/",
        "http://169.254.169.254/",
        "http://2130706433/",
        "http://0x7f.1/",
        "http://[::ffff:127.0.0.1]/",
        "http://１２７.0.0.1/",
    ],
)
def test_a_blocked_address_is_refused_on_save(url: str) -> None:
    (sentence,) = refuse({**HTTP, "url": url})
    assert "expected a target that may be probed" in sentence


def test_the_refusal_of_a_private_address_says_how_to_allow_it() -> None:
    (sentence,) = refuse({**HTTP, "url": "http://127.0.0.1/"})
    assert sentence == (
        'url is "http://127.0.0.1/"; expected a target that may be probed: '
        "127.0.0.1 is a loopback address; set allow_private to probe it."
    )
    accept({**HTTP, "url": "http://127.0.0.1/", "allow_private": True})


def test_a_metadata_address_is_refused_even_where_private_is_allowed() -> None:
    (sentence,) = refuse({**HTTP, "url": "http://169.254.169.254/", "allow_private": True})
    assert "expected a target that may be probed" in sentence


@pytest.mark.parametrize(
    "mapping",
    [
        {"kind": "tcp", "host": "192.168.0.1", "port": 1},
        {"kind": "postgres", "url": "postgresql://me@10.0.0.1/db"},
        {"kind": "redis", "url": "redis://10.0.0.1"},
    ],
)
def test_every_kind_that_connects_is_guarded(mapping: dict[str, Any]) -> None:
    (sentence,) = refuse({"slug": "it", **mapping})
    assert "expected a target that may be probed" in sentence
    assert accept({"slug": "it", "allow_private": True, **mapping}).allow_private


def test_a_variable_is_kept_as_it_is_written() -> None:
    spec = accept({**HTTP, "url": "${API}/health?key=${KEY}"}, {"API": "https://api.example.com", "KEY": "secret"})
    assert spec.config["url"] == "${API}/health?key=${KEY}"


def test_a_variable_that_is_not_set_is_refused_by_name() -> None:
    assert refuse({**HTTP, "url": "${API}/health"}) == [
        'url is "${API}/health"; expected the environment variable API to be set.'
    ]


def test_a_variable_may_come_from_a_file(tmp_path: Any) -> None:
    (tmp_path / "api").write_text("https://api.example.com\n", encoding="utf-8")
    spec = accept({**HTTP, "url": "${API}/health"}, {"API_FILE": str(tmp_path / "api")})
    assert spec.config["url"] == "${API}/health"


def test_a_private_address_behind_a_variable_is_seen() -> None:
    (sentence,) = refuse({**HTTP, "url": "${API}"}, {"API": "http://10.0.0.1/"})
    assert "expected a target that may be probed" in sentence


@pytest.mark.parametrize("url", ["https://x/${", "https://x/${a-b}", "${}"])
def test_a_malformed_variable_says_how_it_is_written(url: str) -> None:
    assert refuse({**HTTP, "url": url})[0].endswith("expected a variable written ${NAME}.")


def test_a_password_in_a_wrong_url_is_not_shown() -> None:
    (sentence,) = refuse({**HTTP, "url": "http://me:hunter2@127.0.0.1/"})
    assert "hunter2" not in sentence


# --- tcp, disk, databases ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("port", "shown"), [(None, "missing"), (0, "0"), (65536, "65536"), ("80", '"80"'), (True, "true")]
)
def test_a_port_is_a_number_in_range(port: Any, shown: str) -> None:
    mapping = {"slug": "it", "kind": "tcp", "host": "db.example.com", "port": port}
    assert refuse(mapping)[0].startswith(f"port is {shown}; expected a whole number from 1 to 65535")


def test_a_folder_is_an_absolute_path() -> None:
    assert refuse({"slug": "it", "kind": "disk", "path": "var"}) == ['path is "var"; expected an absolute path.']
    accept({"slug": "it", "kind": "disk", "path": "${DATA_DIR}"}, {"DATA_DIR": "/srv/data"})


def test_a_redis_default_needs_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "REDIS_URL", "")
    assert refuse({"slug": "it", "kind": "redis", "url": "default"}) == [
        'url is "default"; expected a redis:// URL, for REDIS_URL is not set.'
    ]
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1/0")
    accept({"slug": "it", "kind": "redis", "url": "default"})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db.example.com/db?hostaddr=127.0.0.1",
        "postgresql://db.example.com/db?service=other",
        "postgresql://db.example.com/db?host=/var/run/postgresql",
        "postgresql://db.example.com/db?host=10.0.0.1",
        "postgresql://one.example.com,10.0.0.1/db",
        "postgresql:///db",
        "mysql://db.example.com/db",
    ],
)
def test_a_postgres_url_names_one_host_and_nothing_clever(url: str) -> None:
    assert refuse({"slug": "it", "kind": "postgres", "url": url})


# --- heartbeats ----------------------------------------------------------------------------------------------------
def test_a_token_written_out_is_kept_as_its_hash() -> None:
    token = "0123456789abcdef"
    spec = accept({"slug": "it", "kind": "heartbeat", "token": token})
    assert spec.config == {"token": "", "token_hash": hash_token(token), "source": "", "max_age": "90s"}


def test_a_token_from_the_environment_is_kept_by_its_name() -> None:
    spec = accept({"slug": "it", "kind": "heartbeat", "token": "${BEAT}"}, {"BEAT": "0123456789abcdef"})
    assert (spec.config["token"], spec.config["token_hash"]) == ("${BEAT}", "")


@pytest.mark.parametrize(
    "token", ["short", "with spaces in the token", "slashes/slashes/slashes", "ümlautümlautümlaut"]
)
def test_a_weak_token_is_refused_and_not_shown(token: str) -> None:
    (sentence,) = refuse({"slug": "it", "kind": "heartbeat", "token": token})
    assert sentence.startswith('token is "(hidden)"; expected at least 16 letters')


def test_a_token_whose_variable_is_not_set_says_which_key_wants_which_variable() -> None:
    (sentence,) = refuse({"slug": "it", "kind": "heartbeat", "token": "${BEAT}"})
    assert sentence == 'token is "(hidden)"; expected the environment variable BEAT to be set.'


def test_a_weak_token_behind_a_variable_is_refused_and_not_shown() -> None:
    (sentence,) = refuse({"slug": "it", "kind": "heartbeat", "token": "${BEAT}"}, {"BEAT": "weak"})
    assert "weak" not in sentence


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "token is missing; expected a text."),
        ({"source": "cron"}, 'source is "cron"; expected "worker", or a token instead.'),
        ({"source": "worker", "token": "x" * 20}, 'token is "(hidden)"; expected either token or source, not both.'),
        ({"source": "worker", "max_age": "0s"}, 'max_age is "0s"; expected a duration from 1s to 366d.'),
        (
            {"source": "worker", "degraded_above": "1s"},
            'degraded_above is "1s"; expected only keys that a heartbeat probe',
        ),
    ],
)
def test_a_heartbeat_has_a_token_or_a_source(changes: dict[str, Any], sentence: str) -> None:
    assert refuse({"slug": "it", "kind": "heartbeat", **changes})[0].startswith(sentence)
