"""Probes over HTTPS trust whom the browser of a visitor would, unless they say otherwise."""

import asyncio
import ssl
from typing import Any

import pytest
import trustme

from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from tests.hostile import answer, serving
from tests.unit.probes.checkers.conftest import check_once


def config_of(kind: ProbeKind, url: str) -> dict[str, Any]:
    configs: dict[ProbeKind, dict[str, Any]] = {
        ProbeKind.HTTP: {"url": url},
        ProbeKind.JSON: {"url": url, "path": "$.value"},
        ProbeKind.S3: {"endpoint": url, "bucket": "backups", "path_style": True},
    }
    return configs[kind]


@pytest.mark.parametrize("kind", [ProbeKind.HTTP, ProbeKind.JSON, ProbeKind.S3])
@pytest.mark.parametrize(
    ("name", "keys", "outcome"),
    [
        ("localhost", {}, Outcome.UP),
        ("other.example", {}, Outcome.DOWN),
        ("other.example", {"verify_tls": True}, Outcome.DOWN),
        ("other.example", {"verify_tls": False}, Outcome.UP),
    ],
)
def test_a_certificate_for_another_name_is_down_unless_nobody_is_to_look(
    kind: ProbeKind, name: str, keys: dict[str, Any], outcome: Outcome
) -> None:
    authority = trustme.CA()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(name).configure_cert(server_side)
    authority.configure_trust(client_side)

    said = b"" if kind is ProbeKind.S3 else b'{"value": 1}'  # there is no body in an answer to HEAD

    async def body() -> tuple[Outcome, str]:
        async with serving(answer(200, said), tls=server_side) as server:
            config = config_of(kind, f"https://localhost:{server.port}/") | keys
            result = await check_once(kind, config, client=GuardedClient(tls=client_side))
            return result.outcome, result.detail

    found, detail = asyncio.run(body())
    assert found == outcome, detail
    assert (detail == "The certificate is for another name.") is (outcome == Outcome.DOWN)
