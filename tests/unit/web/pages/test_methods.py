"""How a probe measures, in words, and what is nobody's business."""

from datetime import timedelta
from typing import Any

import pytest

from probes.enums import ProbeKind
from statuspage.web.pages.methods import method_of, schedule_of, verdict_of


@pytest.mark.parametrize("kind", ProbeKind.values)
def test_every_kind_has_a_sentence(kind: str) -> None:
    sentence = method_of(kind, {}, allow_private=False)
    assert sentence.endswith(".")
    assert "a method of its own" not in sentence


def test_a_public_target_is_named_by_its_host_alone() -> None:
    config = {"url": "https://user:secret@api.example.com:8443/internal/health?key=1", "expect_status": [200, 204]}
    assert method_of("http", config, allow_private=False) == (
        "Sends api.example.com an HTTP GET request over a fresh connection and expects one of the statuses 200, 204."
    )


@pytest.mark.parametrize(
    ("config", "allow_private"),
    [
        ({"url": "http://10.0.0.7/health"}, False),
        ({"url": "http://[fd00::7]/health"}, False),
        ({"url": "http://backend/health"}, False),
        ({"url": "http://api.prod.svc/health"}, False),
        ({"url": "http://api.prod.internal./health"}, False),
        ({"url": "${API_URL}/health"}, False),
        ({"url": "https://api.example.com/health"}, True),
        ({"url": "https://[broken"}, False),
        ({"host": "10.1.2.3", "port": 25}, False),
        ({}, False),
    ],
)
@pytest.mark.parametrize("kind", ["http", "tcp", "tls", "icmp", "smtp", "dns", "websocket", "grpc", "s3", "json"])
def test_an_internal_target_is_not_named(kind: str, config: dict[str, Any], allow_private: bool) -> None:
    sentence = method_of(kind, config, allow_private=allow_private)
    assert "a target of ours" in sentence
    for word in ("10.", "fd00", "backend", "prod", "API_URL", "example", "broken"):
        assert word not in sentence


def test_secrets_of_headers_and_bodies_are_not_said() -> None:
    config = {
        "url": "https://api.example.com/",
        "headers": {"Authorization": "Bearer secret"},
        "body": "secret",
        "expect_body": "secret",
        "method": "POST",
    }
    sentence = method_of("http", config, allow_private=False)
    assert "secret" not in sentence
    assert "HTTP POST request" in sentence
    assert "the words that belong into the answer" in sentence


def test_a_schedule_is_said_in_words() -> None:
    assert schedule_of(timedelta(seconds=30), timedelta(seconds=5)) == "every 30 seconds, waits up to 5 seconds"
    assert schedule_of(timedelta(minutes=1), timedelta(milliseconds=500)) == (
        "every minute, waits up to 500\N{NO-BREAK SPACE}ms"
    )


def test_what_makes_it_down_is_said_in_words() -> None:
    assert verdict_of(3, 2) == "down after 3 failures in a row, up again after 2 successes"
    assert verdict_of(1, 1) == "down after the first failure, up again after the first success"


def test_a_certificate_says_when_it_is_too_old() -> None:
    config = {"host": "api.example.com", "warn_below": "14d", "fail_below": "1d"}
    assert method_of("tls", config, allow_private=False).endswith("degraded below 14 days, down below 1 day.")


def test_a_name_is_asked_for_and_the_expected_addresses_stay_inside() -> None:
    config = {"query": "www.example.com", "record": "AAAA", "expect": ["2001:db8::7"], "resolver": "10.0.0.53"}
    assert method_of("dns", config, allow_private=False) == (
        "Asks for the DNS record AAAA of www.example.com and compares the answer with what belongs there."
    )
