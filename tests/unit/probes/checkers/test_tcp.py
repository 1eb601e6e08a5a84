"""TCP probes."""

import socket
from datetime import timedelta
from typing import Any

from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from statuspage.core.http.resolver import Resolver
from tests.hostile import closed_port, hang


def test_a_port_that_takes_us_is_up(check_server: Any) -> None:
    result = check_server(ProbeKind.TCP, hang, lambda server: {"host": "127.0.0.1", "port": server.port})
    assert result.outcome == Outcome.UP
    assert result.detail == f"Connected in {round(result.latency_ms)} ms"


def test_a_port_that_refuses_is_down(check: Any) -> None:
    result = check(ProbeKind.TCP, {"host": "127.0.0.1", "port": closed_port()})
    assert (result.outcome, result.detail) == (Outcome.DOWN, "Connection refused.")


def test_a_port_that_never_answers_is_down_in_time(check: Any) -> None:
    with socket.socket() as full:
        # A queue of one that is full: the kernel drops what comes after, like a firewall would.
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        held = []
        for _ in range(4):
            waiting = socket.socket()
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
            held.append(waiting)
        result = check(ProbeKind.TCP, {"host": "127.0.0.1", "port": port}, timeout=timedelta(milliseconds=300))
        for waiting in held:
            waiting.close()
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No answer within 300 ms.")


def test_a_private_address_without_permission_is_our_trouble(check: Any) -> None:
    result = check(ProbeKind.TCP, {"host": "127.0.0.1", "port": 1}, allow_private=False)
    assert result.outcome == Outcome.ERROR
    assert result.detail == "127.0.0.1 is a loopback address; set allow_private to probe it."


def lookup_failing(code: int) -> GuardedClient:
    def lookup(*_arguments: Any, **_options: Any) -> list[tuple[Any, ...]]:
        raise socket.gaierror(code, "as the test says")

    return GuardedClient(resolver=Resolver(threads=1, lookup=lookup))


def test_a_name_without_address_is_down(check: Any) -> None:
    client = lookup_failing(socket.EAI_NONAME)
    result = check(ProbeKind.TCP, {"host": "api.example.com", "port": 1}, client=client)
    assert (result.outcome, result.detail) == (Outcome.DOWN, "api.example.com has no address.")


def test_a_resolver_in_trouble_is_our_trouble(check: Any) -> None:
    client = lookup_failing(socket.EAI_AGAIN)
    result = check(ProbeKind.TCP, {"host": "api.example.com", "port": 1}, client=client)
    assert (result.outcome, result.detail) == (Outcome.ERROR, "The name api.example.com could not be looked up.")
