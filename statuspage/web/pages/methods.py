"""How each probe measures, in words for everybody: from its configuration, without what is nobody's business.

Said is the host of a public target at most: no path, no port, no user, no query, no header, no body. A target that
may be private (`allow_private`), that comes from the environment (`${NAME}`) or whose name is an internal one is "a
target of ours".
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from probes.enums import ProbeKind
from statuspage.core.durations import parse_duration
from statuspage.web import wording

Config = Mapping[str, Any]
INTERNAL_ENDINGS = (".local", ".localhost", ".internal", ".intranet", ".lan", ".home", ".corp", ".svc", ".arpa")
DNS_LABELS = 2


def method_of(kind: str, config: Config, *, allow_private: bool) -> str:
    """One sentence: what is asked, and what is expected of the answer."""
    say = METHODS.get(kind)
    target = "a target of ours" if allow_private else _host(config)
    return say(config, target) if say else "Measures by a method of its own."


def schedule_of(interval: timedelta, timeout: timedelta) -> str:
    """`every 30 seconds, waits up to 5 seconds`."""
    return f"every {wording.exactly(interval, 'every')}, waits up to {wording.exactly(timeout)}"


def verdict_of(failure_threshold: int, recovery_threshold: int) -> str:
    """`down after 3 failures in a row, up again after 2 successes`."""
    down = "the first failure" if failure_threshold == 1 else f"{failure_threshold} failures in a row"
    up = "the first success" if recovery_threshold == 1 else f"{recovery_threshold} successes"
    return f"down after {down}, up again after {up}"


def _host(config: Config) -> str:
    for key in ("url", "host", "endpoint", "query", "target"):
        value = config.get(key)
        if isinstance(value, str) and value:
            return _public_host(value) or "a target of ours"
    return "a target of ours"


def _public_host(value: str) -> str:
    """The bare host of a URL or an address; empty where it is not for everybody."""
    if "${" in value:
        return ""
    try:
        host = urlsplit(value if "//" in value else f"//{value}").hostname or ""
    except ValueError:
        return ""
    host = host.rstrip(".")
    is_name = len(host.split(".")) >= DNS_LABELS and not host.replace(".", "").isdigit() and ":" not in host
    return host if is_name and not host.endswith(INTERNAL_ENDINGS) else ""


def _http(config: Config, target: str) -> str:
    method = str(config.get("method") or "GET")
    expected = [_statuses(config.get("expect_status"))]
    if any(config.get(key) for key in ("expect_body", "expect_not_body", "expect_body_matches")):
        expected.append("the words that belong into the answer")
    if config.get("expect_headers"):
        expected.append("its headers")
    if config.get("expect_json"):
        expected.append("values in its JSON")
    if config.get("min_size") or config.get("max_size"):
        expected.append("an answer of the right size")
    return f"Sends {target} an HTTP {method} request over a fresh connection and expects {_joined(expected)}."


def _statuses(value: object) -> str:
    if isinstance(value, list | tuple) and value:
        words = [str(status) for status in value]
        return f"status {words[0]}" if len(words) == 1 else f"one of the statuses {', '.join(words)}"
    return f"status {value}" if isinstance(value, str | int) and value else "a status that means success"


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _tcp(_config: Config, target: str) -> str:
    return f"Opens a TCP connection to {target}."


def _postgres(_config: Config, _target: str) -> str:
    return "Connects to the database and asks SELECT 1; the whole round trip is measured."


def _redis(_config: Config, _target: str) -> str:
    return "Connects to Redis and sends PING; the whole round trip is measured."


def _heartbeat(config: Config, _target: str) -> str:
    who = "our worker" if config.get("source") == "worker" else "the job itself"
    return f"Waits for {who} to report: the last report may be {_age(config.get('max_age') or '90s')} old."


def _age(text: object) -> str:
    try:
        return wording.exactly(parse_duration(str(text)))
    except ValueError:
        return str(text)


def _disk(_config: Config, _target: str) -> str:
    return "Looks whether the storage is there, can be written to and has room left."


def _dns(config: Config, target: str) -> str:
    expected = " and compares the answer with what belongs there" if config.get("expect") else ""
    return f"Asks for the DNS record {config.get('record') or 'A'} of {target}{expected}."


def _tls(config: Config, target: str) -> str:
    warn, fail = (_age(config.get(key) or default) for key, default in (("warn_below", "21d"), ("fail_below", "3d")))
    return (
        f"Reads the TLS certificate of {target} and counts the days until it ends: degraded below {warn}, "
        f"down below {fail}."
    )


def _icmp(config: Config, target: str) -> str:
    return f"Sends {target} {wording.counted(int(config.get('count') or 3), 'ICMP echo request')} (ping)."


def _websocket(config: Config, target: str) -> str:
    then = " and for an answer" if config.get("ping", True) or config.get("send") else ""
    return f"Opens a WebSocket to {target} and waits for the handshake{then}."


def _smtp(config: Config, target: str) -> str:
    starttls = ", then asks for encryption (STARTTLS)" if config.get("starttls") == "required" else ""
    return f"Connects to the mail server {target} and says EHLO{starttls}."


def _grpc(_config: Config, target: str) -> str:
    return f"Asks {target} by the gRPC health protocol whether it serves."


def _s3(_config: Config, target: str) -> str:
    return f"Asks the object store at {target} whether the bucket is there (HEAD)."


def _json(config: Config, target: str) -> str:
    what = str(config.get("label") or "one value")
    compared = " and compares it with what it should be" if config.get("op") else ""
    return f"Reads {what} out of a JSON answer of {target}{compared}."


def _workers(_config: Config, _target: str) -> str:
    return "Waits for each of the workers to report; the one that was silent longest counts."


METHODS: dict[str, Callable[[Config, str], str]] = {
    ProbeKind.HTTP: _http,
    ProbeKind.TCP: _tcp,
    ProbeKind.POSTGRES: _postgres,
    ProbeKind.REDIS: _redis,
    ProbeKind.HEARTBEAT: _heartbeat,
    ProbeKind.DISK: _disk,
    ProbeKind.DNS: _dns,
    ProbeKind.TLS: _tls,
    ProbeKind.ICMP: _icmp,
    ProbeKind.WEBSOCKET: _websocket,
    ProbeKind.SMTP: _smtp,
    ProbeKind.GRPC: _grpc,
    ProbeKind.S3: _s3,
    ProbeKind.JSON: _json,
    ProbeKind.WORKERS: _workers,
}
