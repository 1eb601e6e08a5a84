"""HTTP probes and what they say."""

import asyncio
import gzip
from datetime import timedelta
from typing import Any

import pytest

from probes.enums import Outcome, ProbeKind
from tests.hostile import Behaviour, Recording, Server, answer, closed_port, drip, hang, send


def at(server: Server, **config: Any) -> dict[str, Any]:
    return {"url": server.url, **config}


def slow(seconds: float) -> Behaviour:
    async def behave(reader: Recording, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(seconds)
        await answer()(reader, writer)

    return behave


def test_an_answer_is_up_with_its_status_and_time(check_server: Any) -> None:
    result = check_server(ProbeKind.HTTP, answer(), at)
    assert result.outcome == Outcome.UP
    assert result.detail == f"GET 200 in {round(result.latency_ms)} ms"


def test_a_slow_answer_is_degraded_and_says_how_slow(check_server: Any) -> None:
    result = check_server(ProbeKind.HTTP, slow(0.1), at, degraded_above=timedelta(milliseconds=50))
    assert result.outcome == Outcome.DEGRADED
    assert result.detail == f"GET 200 in {round(result.latency_ms)} ms, slower than 50 ms."


@pytest.mark.parametrize(
    ("status", "expected", "outcome", "detail"),
    [
        (202, [], Outcome.UP, "GET 202 in"),
        (503, [], Outcome.DOWN, "Answered 503, expected 2xx."),
        (503, [200], Outcome.DOWN, "Answered 503, expected 200."),
        (500, [200, 204], Outcome.DOWN, "Answered 500, expected 200 or 204."),
        (404, [404], Outcome.UP, "GET 404 in"),
    ],
)
def test_the_status_must_be_expected(
    status: int, expected: list[int], outcome: Outcome, detail: str, check_server: Any
) -> None:
    result = check_server(ProbeKind.HTTP, answer(status), lambda server: at(server, expect_status=expected))
    assert result.outcome == outcome
    assert result.detail.startswith(detail)


def test_an_expected_redirect_is_not_followed(check_server: Any) -> None:
    behaviour = answer(301, b"", headers="Location: http://169.254.169.254/\r\n")
    result = check_server(ProbeKind.HTTP, behaviour, lambda server: at(server, expect_status=[301]))
    assert result.outcome == Outcome.UP
    assert result.detail.startswith("GET 301 in")


def test_a_redirect_to_a_blocked_address_is_down_and_says_so(check_server: Any) -> None:
    behaviour = answer(302, b"", headers="Location: http://169.254.169.254/\r\n")
    result = check_server(ProbeKind.HTTP, behaviour, at)
    assert result.outcome == Outcome.DOWN
    assert result.detail == (
        "The redirect is not followed: 169.254.169.254 is a cloud metadata address; it is never contacted."
    )


@pytest.mark.parametrize(
    ("body", "expected", "outcome"), [(b"all ok here", "ok", Outcome.UP), (b"failing", "ok", Outcome.DOWN)]
)
def test_the_body_must_contain_what_is_expected(
    body: bytes, expected: str, outcome: Outcome, check_server: Any
) -> None:
    result = check_server(ProbeKind.HTTP, answer(200, body), lambda server: at(server, expect_body=expected))
    assert result.outcome == outcome
    assert outcome == Outcome.UP or result.detail == 'The body does not contain "ok".'


def test_only_the_first_megabyte_is_looked_at(check_server: Any) -> None:
    behaviour = answer(200, b"x" * 1_100_000 + b"ok")
    result = check_server(ProbeKind.HTTP, behaviour, lambda server: at(server, expect_body="ok"))
    assert result.detail == 'The first megabyte of the body does not contain "ok".'


def test_a_large_body_without_expectation_is_up(check_server: Any) -> None:
    assert check_server(ProbeKind.HTTP, answer(200, b"x" * 3_000_000), at).outcome == Outcome.UP


def test_a_body_compressed_against_our_wish_is_looked_into(check_server: Any) -> None:
    behaviour = answer(200, gzip.compress(b"all ok"), headers="Content-Encoding: gzip\r\n")
    assert check_server(ProbeKind.HTTP, behaviour, lambda server: at(server, expect_body="ok")).outcome == Outcome.UP


def test_a_gzip_bomb_is_unpacked_to_a_megabyte_at_most(check_server: Any) -> None:
    bomb = gzip.compress(b"\0" * 200_000_000)
    behaviour = answer(200, bomb, headers="Content-Encoding: gzip\r\n")
    result = check_server(ProbeKind.HTTP, behaviour, lambda server: at(server, expect_body="ok"))
    assert result.detail == 'The first megabyte of the body does not contain "ok".'


@pytest.mark.parametrize(
    ("encoding", "body", "detail"),
    [
        ("br", b"\x0b", "The body is compressed (br) though we asked for it plain."),
        ("gzip", b"plain after all", "The body is not the gzip it says it is."),
    ],
)
def test_a_body_that_cannot_be_read_says_why(encoding: str, body: bytes, detail: str, check_server: Any) -> None:
    behaviour = answer(200, body, headers=f"Content-Encoding: {encoding}\r\n")
    result = check_server(ProbeKind.HTTP, behaviour, lambda server: at(server, expect_body="ok"))
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


@pytest.mark.parametrize(
    "behaviour", [hang, drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50, every=0.05)], ids=["hangs", "drips"]
)
def test_no_whole_answer_in_time_is_down(behaviour: Behaviour, check_server: Any) -> None:
    result = check_server(ProbeKind.HTTP, behaviour, at, timeout=timedelta(milliseconds=300))
    assert (result.outcome, result.latency_ms, result.detail) == (Outcome.DOWN, None, "No answer within 300 ms.")


def test_a_refused_connection_is_down(check: Any) -> None:
    result = check(ProbeKind.HTTP, {"url": f"http://127.0.0.1:{closed_port()}/"})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "Connection refused.")


def test_what_is_not_http_is_down(check_server: Any) -> None:
    result = check_server(ProbeKind.HTTP, send(b"+PONG\r\n"), at)
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The answer is not HTTP.")


def test_a_private_target_without_permission_is_our_trouble_and_never_asked(check_server: Any) -> None:
    seen: list[Server] = []

    def config(server: Server) -> dict[str, Any]:
        seen.append(server)
        return at(server)

    result = check_server(ProbeKind.HTTP, answer(), config, allow_private=False)
    assert (result.outcome, seen[0].connections) == (Outcome.ERROR, 0)
    assert result.detail == "127.0.0.1 is a loopback address; set allow_private to probe it."


def test_a_variable_in_the_url_is_read_when_the_check_is_made(
    check_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def config(server: Server) -> dict[str, Any]:
        monkeypatch.setenv("API_URL", server.url)
        return {"url": "${API_URL}/health"}

    assert check_server(ProbeKind.HTTP, answer(), config).outcome == Outcome.UP


def test_a_variable_that_is_gone_is_our_trouble(check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("API_URL", raising=False)
    result = check(ProbeKind.HTTP, {"url": "${API_URL}/health"})
    assert (result.outcome, result.detail) == (
        Outcome.ERROR,
        "The probe cannot be made: API_URL is not set in the environment.",
    )
