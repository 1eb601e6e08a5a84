"""A server that plays Slack, Microsoft Teams and Discord, and holds every message against what they document.

Paths are theirs: /services/T…/B…/…, /hooks/… (a server like Slack), /workflows/…, /api/webhooks/<id>/<token>. The last
part of a path decides what is answered: `ok…` takes it, `404…`, `410…`, `400…`, `500…` say so for ever, `once500…` and
`once429…` once and then take it (429 asks for a second of patience), `bad200…` is a connector that failed inside.
"""

import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.chat_rules import wrong_in_discord, wrong_in_slack, wrong_in_teams

PATIENCE_SECONDS = 1
BEHAVIOUR = re.compile(r"(ok|once|bad)?(\d{3})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One request: when (monotonic), how, and with what. `status` is what was answered."""

    at: float
    method: str
    path: str
    body: bytes
    status: int

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Kept:
    """What the server has seen. `messages` are Discord's as they stand now, by id."""

    postings: list[Posting] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    messages: dict[str, bytes] = field(default_factory=dict)


class ChatServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept = Kept()
        self.lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join(5)

    def slack(self, name: str) -> str:
        return f"{self._base}/services/T01ABCDEF/B01ABCDEF/{name}"

    def like_slack(self, name: str) -> str:
        return f"{self._base}/hooks/{name}"

    def teams(self, name: str) -> str:
        return f"{self._base}/workflows/{name}?sig=of-{name}"

    def discord(self, name: str) -> str:
        return f"{self._base}/api/webhooks/123456789012345678/{name}"

    def to(self, url: str, *, method: str = "POST") -> list[Posting]:
        """What came to this URL, and to its messages, in order."""
        path = urlsplit(url).path
        with self.lock:
            theirs = [one for one in self.kept.postings if one.method == method]
        return [one for one in theirs if one.path == path or one.path.startswith(f"{path}/messages/")]

    def taken(self, url: str) -> list[Posting]:
        return [one for one in self.to(url) if one.status < 300]

    @property
    def _base(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: ChatServer

    def do_POST(self) -> None:
        self._take()

    def do_PATCH(self) -> None:
        self._take()

    def log_message(self, *_: object) -> None:
        pass

    def _take(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        parts = urlsplit(self.path)
        with self.server.lock:
            status, answer = self._answer(parts.path, parse_qs(parts.query), body)
            posting = Posting(at=time.monotonic(), method=self.command, path=parts.path, body=body, status=status)
            self.server.kept.postings.append(posting)
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", str(PATIENCE_SECONDS))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _answer(self, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, bytes]:
        name = path.split("/messages/", maxsplit=1)[0].rpartition("/")[2]
        match = BEHAVIOUR.match(name)
        how, status = (match[1] or "", int(match[2] or 0)) if match else ("", 0)
        seen = any(one.path == path for one in self.server.kept.postings)
        if status and how != "bad" and not (how == "once" and seen):
            # As real ones do, it repeats the address: that must not come into anybody's log.
            return status, f"no such webhook: {path}".encode()
        wrong, answer = self._check(path, query, body)
        if wrong:
            self.server.kept.wrong += [f"{path}: {problem}" for problem in wrong]
            return 400, b"invalid_payload"
        if how == "bad":
            return 200, b"Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429"
        return (202 if path.startswith("/workflows/") else 200), answer

    def _check(self, path: str, query: dict[str, list[str]], body: bytes) -> tuple[list[str], bytes]:
        if path.startswith("/services/"):
            return wrong_in_slack(body), b"ok"
        if path.startswith("/hooks/"):
            known = {"text", "attachments"}
            return [f"keys {sorted(set(json.loads(body)) - known)}"] if set(json.loads(body)) - known else [], b"ok"
        if path.startswith("/workflows/"):
            return wrong_in_teams(body), b""
        return wrong_in_discord(body), self._keep(path, query, body)

    def _keep(self, path: str, query: dict[str, list[str]], body: bytes) -> bytes:
        messages = self.server.kept.messages
        key = path.partition("/messages/")[2] or str(10_000_000_000 + len(messages))
        messages[key] = body
        return json.dumps({"id": key, "channel_id": "1"}).encode() if query.get("wait") == ["true"] else b""
