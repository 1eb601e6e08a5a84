"""The name of a target: the host the world may look up, never a secret, never the inside of somebody's network."""

from typing import Any

import pytest

from probes.objectives.targets import target_name

NAME = "The API"


@pytest.mark.parametrize(
    ("config", "target"),
    [
        ({"url": "https://api.driftstack.dev/v1/health"}, "api.driftstack.dev"),
        ({"url": "https://API.example.com:8443/x?key=secret#y"}, "api.example.com"),
        ({"url": "https://user:secret@api.example.com/"}, "api.example.com"),
        ({"url": "https://user:se@cret@api.example.com/"}, "api.example.com"),
        ({"url": "https://api.example.com/${TOKEN}"}, "api.example.com"),
        ({"url": "https://${USER}:${PASSWORD}@api.example.com/"}, "api.example.com"),
        ({"url": "wss://rt.example.com/socket"}, "rt.example.com"),
        ({"url": "postgresql://status:${DB_PASSWORD}@db.example.com:5432/app"}, "db.example.com"),
        ({"endpoint": "https://s3.example.com", "bucket": "private-media"}, "s3.example.com"),
        ({"host": "mail.example.com", "port": 25}, "mail.example.com"),
        ({"target": "grpc.example.com:443"}, "grpc.example.com"),
        ({"host": "203.0.114.7", "port": 25}, "203.0.114.7"),
        ({"host": "2a01:4f8::1", "port": 25}, "2a01:4f8::1"),
    ],
)
def test_a_public_host_is_the_target(config: dict[str, Any], target: str) -> None:
    assert target_name(name=NAME, config=config, allow_private=False) == target


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"url": "default"},
        {"path": "/srv/media"},
        {"token": "abcdefghijklmnop"},
        {"url": "https://${HOST}/health"},
        {"url": "https://api-${SECRET}.example.com/"},
        {"host": "${HOST}", "port": 1},
        {"url": "http://intranet/health"},
        {"host": "10.0.0.5", "port": 5432},
        {"host": "127.0.0.1", "port": 5432},
        {"host": "0x7f.1", "port": 1},
        {"host": "::1", "port": 1},
        {"url": "http://[::1/"},
        {"url": "http://[not an address]/"},
        {"host": "user:secret@example.com"},
        {"host": "example.com/secret"},
    ],
)
def test_whatever_is_not_public_goes_by_the_name_of_the_probe(config: dict[str, Any]) -> None:
    assert target_name(name=NAME, config=config, allow_private=False) == NAME


def test_a_target_that_may_be_private_goes_by_the_name_of_the_probe() -> None:
    config = {"url": "http://db.internal.example.com/"}
    assert target_name(name=NAME, config=config, allow_private=True) == NAME
