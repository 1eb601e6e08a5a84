"""What an HTTP answer has to be like, and what is said when it is not."""

import gzip
import json
from typing import Any

import pytest

from probes.checkers.base import CheckResult, stored
from probes.checkers.fields import Fields
from probes.checkers.http import HttpConfig
from probes.enums import Outcome, ProbeKind
from tests.hostile import Server, answer, redirecting

DOCUMENT = {
    "queue": {"depth": 120, "rate": 0.5},
    "status": "degraded",
    "ready": True,
    "tags": ["blue", 7],
    "none": None,
    "huge": 10**400,
}


def errors_of(**keys: Any) -> list[str]:
    environ = {"SECRET": "hunter2-long", "BROKEN": "two\r\nlines"}
    fields = Fields({"url": "https://api.example.com", **keys}, key="probe", environ=environ)
    HttpConfig.parse(fields)
    return [str(error).removeprefix("probe.") for error in fields.errors]


def config_of(server: Server, **keys: Any) -> dict[str, Any]:
    """As the configuration would store it."""
    fields = Fields({"url": server.url, **keys}, key="probe", environ={})
    fields.allow_private = True
    config = HttpConfig.parse(fields)
    assert fields.errors == []
    stored_config: dict[str, Any] = json.loads(json.dumps(stored(config)))
    return stored_config


@pytest.fixture
def ask(check_server: Any) -> Any:
    """`ask(answer, **keys)` → the result of a probe with these keys."""

    def run(behaviour: Any, **keys: Any) -> CheckResult:
        result: CheckResult = check_server(ProbeKind.HTTP, behaviour, lambda server: config_of(server, **keys))
        return result

    return run


@pytest.mark.parametrize(
    ("status", "expected", "detail"),
    [
        (202, ["2xx"], ""),
        (299, ["200-299"], ""),
        (404, ["2xx", 404], ""),
        (503, ["2xx"], "Answered 503, expected 2xx."),
        (300, ["200-299", 404], "Answered 300, expected 200-299 or 404."),
    ],
)
def test_statuses_may_be_numbers_classes_and_ranges(status: int, expected: list[Any], detail: str, ask: Any) -> None:
    result = ask(answer(status), expect_status=expected)
    assert result.outcome == (Outcome.DOWN if detail else Outcome.UP)
    assert result.detail == (detail or f"GET {status} in {round(result.latency_ms)} ms")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_the_method_is_sent_and_said(method: str, check_server: Any) -> None:
    noted: list[Server] = []

    def config(server: Server) -> dict[str, Any]:
        noted.append(server)
        return config_of(server, method=method)

    result = check_server(ProbeKind.HTTP, answer(200, b""), config)
    assert noted[0].requests[0].startswith(f"{method} / HTTP/1.1\r\n")
    assert result.detail.startswith(f"{method} 200 in ")


@pytest.mark.parametrize(
    ("body", "headers", "sent"),
    [
        ('{"a": "${WORD}"}', {}, ["Content-Type: application/json", "Content-Length: 14"]),
        ("plain", {}, ["Content-Type: text/plain; charset=utf-8"]),
        ("a=b", {"content-type": "application/x-www-form-urlencoded"}, ["content-type: application/x-www-form"]),
        ("x", {"X-Api-Key": "${WORD}", "Host": "inner.example"}, ["X-Api-Key: words", "Host: inner.example"]),
    ],
)
def test_headers_and_body_go_out_with_their_variables(
    body: str, headers: dict[str, str], sent: list[str], check_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORD", "words")
    noted: list[Server] = []

    def config(server: Server) -> dict[str, Any]:
        noted.append(server)
        return {"url": server.url, "method": "POST", "headers": headers, "body": body}

    assert check_server(ProbeKind.HTTP, answer(), config).outcome == Outcome.UP
    assert all(line in noted[0].requests[0] for line in sent)


@pytest.mark.parametrize(
    ("keys", "detail"),
    [
        ({"expect_body": "fine"}, 'The body does not contain "fine".'),
        ({"expect_not_body": "ok"}, 'The body contains "ok".'),
        ({"expect_body_matches": "^all (fine|well)$"}, 'The body does not match "^all (fine|well)$".'),
        ({"min_size": 7}, "The body has 6 bytes, expected at least 7."),
        ({"max_size": 5}, "The body has 6 bytes, expected at most 5."),
        ({"expect_headers": {"X-Gone": True}}, "The header X-Gone is missing."),
        ({"expect_headers": {"X-Gone": "some"}}, "The header X-Gone is missing."),
        ({"expect_headers": {"Server": False}}, "There is a header Server, expected none."),
        ({"expect_headers": {"server": "nginx"}}, 'The header server is "apache/2", expected "nginx".'),
        ({"expect_headers": {"Server": {"contains": "nginx"}}}, 'The header Server does not contain "nginx".'),
        ({"expect_headers": {"Set-Cookie": "a=1"}}, "The header Set-Cookie is not what is expected."),
        ({"expect_json": [{"path": "$.a"}]}, "The body is not JSON."),
        # The status goes first: what else is wrong with an error page says little.
        ({"expect_status": [404], "expect_body": "fine"}, "Answered 200, expected 404."),
    ],
)
def test_each_failed_assertion_has_its_own_sentence(keys: dict[str, Any], detail: str, ask: Any) -> None:
    result = ask(answer(200, b"all ok", headers="Server: apache/2\r\nSet-Cookie: a=secret\r\n"), **keys)
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_all_assertions_that_hold_are_up(ask: Any) -> None:
    body = json.dumps({"queue": 3}).encode()
    result = ask(
        answer(200, body, headers="Server: apache/2\r\nContent-Type: application/json\r\n"),
        expect_status=["2xx"],
        expect_body="queue",
        expect_not_body="error",
        expect_body_matches=r'"queue":\s*\d',
        expect_headers={"content-type": "application/json", "Server": {"contains": "apache"}, "X-Gone": False},
        expect_json=[{"path": "$.queue", "op": "<", "value": 10}],
        min_size=len(body),
        max_size=len(body),
    )
    assert result.outcome == Outcome.UP
    assert result.detail == f"GET 200 in {round(result.latency_ms)} ms"


@pytest.mark.parametrize(
    ("path", "op", "value"),
    [
        ("$.queue.depth", "==", 120),
        ("$.queue.depth", "==", 120.0),
        ("$.queue.depth", "!=", 121),
        ("$.queue.depth", "<", 120.5),
        ("$.queue.depth", "<=", 120),
        ("$.queue.depth", ">", 119),
        ("$.queue.depth", ">=", 120),
        ("$.ready", "==", True),
        ("$.ready", "!=", 1),
        ("$.status", "contains", "grad"),
        ("$.status", "matches", "^deg"),
        ("$.status", "==", "${STATUS_WORD}"),
        ("$.tags", "contains", 7),
        ("$.queue", "contains", "rate"),
        ("$.none", "exists", True),
        ("$.gone", "exists", False),
        ("$.tags.length()", "==", 2),
    ],
)
def test_comparisons_that_hold(
    path: str, op: str, value: Any, check_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATUS_WORD", "degraded")

    def config(server: Server) -> dict[str, Any]:
        return {"url": server.url, "expect_json": [{"path": path, "op": op, "value": value}]}

    result = check_server(ProbeKind.HTTP, answer(200, json.dumps(DOCUMENT).encode()), config)
    assert result.outcome == Outcome.UP, result.detail


@pytest.mark.parametrize(
    ("path", "op", "value", "detail"),
    [
        ("$.queue.depth", "<", 100, "$.queue.depth is 120, expected < 100."),
        ("$.queue.depth", "<", 120, "$.queue.depth is 120, expected < 120."),
        ("$.queue.depth", ">", 120, "$.queue.depth is 120, expected > 120."),
        ("$.queue.depth", "==", 7, "$.queue.depth is 120, expected 7."),
        ("$.queue.depth", "!=", 120, "$.queue.depth is 120, expected anything but 120."),
        ("$.ready", "==", 1, "$.ready is true, expected 1."),
        ("$.status", "==", "ok", '$.status is "degraded", expected "ok".'),
        ("$.status", ">", 1, '$.status is "degraded", not a number.'),
        ("$.huge", ">", 1, "$.huge is too large a number."),
        ("$.status", "contains", "ok", '$.status does not contain "ok".'),
        ("$.tags", "contains", True, "$.tags does not contain true."),
        ("$.tags", "==", "blue", '$.tags is a list of 2, expected "blue".'),
        ("$.status", "matches", "^ok$", '$.status does not match "^ok$".'),
        ("$.none", "==", "x", '$.none is null, expected "x".'),
        ("$.gone", "==", "x", "The JSON has no $.gone."),
        ("$.gone", "exists", True, "The JSON has no $.gone."),
        ("$.ready", "exists", False, "The JSON has $.ready, expected none."),
    ],
)
def test_comparisons_that_do_not_hold(path: str, op: str, value: Any, detail: str, ask: Any) -> None:
    body = json.dumps(DOCUMENT).encode()
    result = ask(answer(200, body), expect_json=[{"path": path, "op": op, "value": value}])
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "The body is not JSON."),
        (b"{", "The body is not JSON."),
        (b"NaN", "The body is not JSON."),
        (b"\xff\xfe\xff", "The body is not JSON."),
        (b"9" * 5000, "The body is not JSON."),
        (b"[" * 500_000, "The JSON is nested too deeply."),
        (b'{"a":' * 150_000, "The JSON is nested too deeply."),
        (b'"' + b"x" * 1_100_000 + b'"', "The body is longer than a megabyte: its JSON is not read."),
    ],
    ids=["empty", "broken", "nan", "bytes", "digits", "lists", "objects", "long"],
)
def test_json_that_cannot_be_read_says_why(body: bytes, detail: str, ask: Any) -> None:
    result = ask(answer(200, body), expect_json=[{"path": "$.a"}])
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)


def test_sizes_are_those_of_the_body_unpacked(ask: Any) -> None:
    packed = answer(200, gzip.compress(b"\0" * 50_000), headers="Content-Encoding: gzip\r\n")
    assert ask(packed, max_size=49_999).detail == "The body has 50000 bytes, expected at most 49999."
    bomb = answer(200, gzip.compress(b"\0" * 50_000_000), headers="Content-Encoding: gzip\r\n")
    assert ask(bomb, max_size=1_048_576).detail == "The body has more than a megabyte, expected at most 1048576."


@pytest.mark.parametrize(
    ("keys", "detail"),
    [
        ({}, "GET 200 in"),
        ({"follow_redirects": "same"}, "GET 200 in"),
        ({"follow_redirects": False}, "Answered 302, expected 2xx."),
        ({"max_redirects": 1}, "More than 1 redirects."),
        ({"expect_status": ["3xx"]}, "GET 302 in"),
        ({"expect_status": ["2xx", "3xx"], "follow_redirects": True}, "GET 200 in"),
    ],
)
def test_redirects_are_followed_as_far_as_is_said(keys: dict[str, Any], detail: str, ask: Any) -> None:
    assert ask(redirecting("/one", "/two"), **keys).detail.startswith(detail)


def test_a_redirect_to_another_host_is_refused_where_the_same_is_asked_for(ask: Any) -> None:
    elsewhere = answer(302, b"", headers="Location: http://169.254.169.254/\r\n")
    result = ask(elsewhere, follow_redirects="same")
    assert (result.outcome, result.detail) == (Outcome.DOWN, "The redirect leads to another host.")


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"method": "get"}, 'method is "get"; expected one of GET, HEAD, POST'),
        ({"method": "CONNECT"}, 'method is "CONNECT"; expected one of GET, HEAD, POST'),
        ({"body": "x"}, 'body is "(hidden)"; expected no body with GET'),
        ({"method": "HEAD", "expect_body": "x"}, 'expect_body is "(hidden)"; expected another method'),
        ({"headers": ["A"]}, "headers is "),
        ({"headers": {"A b": "c"}}, 'headers.A b is "(hidden)"; expected the name of a header.'),
        ({"headers": {"A:": "c"}}, 'headers.A: is "(hidden)"; expected the name of a header.'),
        ({"headers": {"A": "b\r\nC: d"}}, 'headers.A is "(hidden)"; expected a text on one line.'),
        ({"headers": {"A": "${BROKEN}"}}, 'headers.A is "(hidden)"; expected a text on one line.'),
        ({"headers": {"A": "1", "a": "2"}}, 'headers is "(hidden)"; expected each header once'),
        (
            {"headers": {"Content-Length": "1"}},
            'headers.Content-Length is "(hidden)"; expected no Content-Length header',
        ),
        (
            {"headers": {"transfer-encoding": "chunked"}},
            'headers.transfer-encoding is "(hidden)"; expected no transfer-',
        ),
        ({"headers": {"Authorization": "Bearer abc"}}, 'headers.Authorization is "(hidden)"; expected its value from'),
        (
            {"headers": {"X-Api-Key": "abc"}},
            'headers.X-Api-Key is "(hidden)"; expected its value from the environment',
        ),
        ({"headers": {"A": "${GONE}"}}, 'headers is "(hidden)"; expected the environment variable GONE to be set.'),
        ({"expect_status": ["2yy"]}, 'expect_status is ["2yy"]; expected a list of statuses such as'),
        ({"expect_status": ["299-200"]}, 'expect_status is ["299-200"]; expected a list of statuses such as'),
        ({"expect_body_matches": "(?<=a)"}, 'expect_body_matches is "(?<=a)"; expected a pattern that RE2 reads'),
        ({"expect_headers": {"A": 5}}, 'expect_headers.A is "5"; expected a text, { contains = "…" }, true'),
        ({"expect_json": [{"path": "a"}]}, 'expect_json[0].path is "a"; expected a path that begins with $'),
        (
            {"expect_json": [{"path": "$.a", "op": "<", "value": "1"}]},
            'expect_json[0].value is "1"; expected a number',
        ),
        ({"expect_json": [{"path": "$.a", "op": "=~"}]}, 'expect_json[0].op is "=~"; expected one of =='),
        ({"expect_json": [{"path": "$.a", "valu": 1}]}, "expect_json[0].valu is not a key here (did you mean value?)"),
        ({"expect_json": {"path": "$.a"}}, "expect_json is "),
        ({"max_size": 2_000_000}, "max_size is 2000000; expected a whole number from 0 to 1048576."),
        ({"follow_redirects": "yes"}, 'follow_redirects is "yes"; expected true, false or "same"'),
        ({"max_redirects": 11}, "max_redirects is 11; expected a whole number from 1 to 10."),
        ({"verify_tls": "no"}, 'verify_tls is "no"; expected true or false.'),
    ],
)
def test_a_wrong_key_says_what_was_expected(keys: dict[str, Any], sentence: str) -> None:
    (found,) = errors_of(**keys)
    assert found.startswith(sentence)


def test_what_is_stored_comes_back_from_json_as_it_was() -> None:
    """Else every load would find the probe changed."""
    keys = {
        "expect_status": ["2xx", 404],
        "expect_json": [{"path": "$.a", "op": "==", "value": "b"}],
        "expect_headers": {"A": {"contains": "b"}, "C": False},
    }
    fields = Fields({"url": "https://api.example.com", **keys}, key="probe", environ={})
    config = stored(HttpConfig.parse(fields))
    assert config == {"url": "https://api.example.com", "expect_body": "", **keys}
    assert json.loads(json.dumps(config)) == config


def test_a_variable_keeps_its_name_in_what_is_stored() -> None:
    keys = {"method": "POST", "headers": {"Authorization": "Bearer ${SECRET}"}, "body": "${SECRET}"}
    fields = Fields({"url": "https://api.example.com", **keys}, key="probe", environ={"SECRET": "hunter2-long"})
    config = stored(HttpConfig.parse(fields))
    assert fields.errors == []
    assert config["headers"] == {"Authorization": "Bearer ${SECRET}"}
    assert "hunter2" not in json.dumps(config)


def test_a_line_break_that_came_later_is_our_trouble_and_nothing_is_sent(
    check_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "one\r\nX-Other: two")
    noted: list[Server] = []

    def config(server: Server) -> dict[str, Any]:
        noted.append(server)
        return {"url": server.url, "headers": {"X-One": "${SECRET}"}}

    result = check_server(ProbeKind.HTTP, answer(), config)
    assert (result.outcome, noted[0].connections) == (Outcome.ERROR, 0)
    assert result.detail == "The probe cannot be made: the header X-One would not be on one line."
