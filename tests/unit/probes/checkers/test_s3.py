"""S3 probes: HEAD bucket, its signature and its sentences."""

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from yarl import URL

from probes.checkers.base import stored
from probes.checkers.fields import Fields
from probes.checkers.s3 import S3Config
from probes.checkers.sigv4 import Credentials, signed_headers
from probes.enums import Outcome, ProbeKind
from statuspage.core.http.client import GuardedClient
from statuspage.core.http.resolver import Resolver
from tests.hostile import Server, answer, drip, hang, send, serving
from tests.unit.core.http.conftest import Names
from tests.unit.probes.checkers.conftest import check_once

KEYS = {"access_key": "AKIAEXAMPLE", "secret_key": "${S3_SECRET}"}


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_SECRET", "hunter2-long")


def at(server: Server, **keys: Any) -> dict[str, Any]:
    return {"endpoint": server.url, "bucket": "media", **KEYS, **keys}


@pytest.mark.parametrize(
    ("path", "extra", "signature"),
    [
        # The examples of the documentation of AWS, with its invented credentials.
        ("/test.txt", {"Range": "bytes=0-9"}, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("/?lifecycle", {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("/?max-keys=2&prefix=J", {}, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)
def test_signatures_are_those_of_the_documentation(path: str, extra: dict[str, str], signature: str) -> None:
    headers = signed_headers(
        "GET",
        URL(f"https://examplebucket.s3.amazonaws.com{path}"),
        credentials=Credentials(
            access_key="AKIAIOSFODNN7EXAMPLE", secret_key="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
        ),
        region="us-east-1",
        moment=datetime(2013, 5, 24, tzinfo=UTC),
        extra=extra,
    )
    assert headers["Authorization"].endswith(f"Signature={signature}")
    assert headers["Authorization"].startswith(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=host;"
    )


@time_machine.travel(datetime(2026, 11, 21, 12, tzinfo=UTC), tick=False)
def test_a_bucket_that_is_there_is_up_and_the_request_was_signed(check_server: Any) -> None:
    noted: list[Server] = []

    def config(server: Server) -> dict[str, Any]:
        noted.append(server)
        return at(server, session_token="${S3_SECRET}")

    result = check_server(ProbeKind.S3, answer(200, b""), config)
    assert result.outcome == Outcome.UP
    assert result.detail == f"Bucket found in {round(result.latency_ms)} ms"
    head = noted[0].requests[0]
    assert head.startswith("HEAD /media HTTP/1.1\r\n")
    assert head.count("Host:") == 1
    assert f"Host: 127.0.0.1:{noted[0].port}\r\n" in head
    assert "X-Amz-Date: 20261121T120000Z" in head
    assert "Credential=AKIAEXAMPLE/20261121/us-east-1/s3/aws4_request" in head
    assert "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token," in head


def test_without_keys_nothing_is_signed(check_server: Any) -> None:
    noted: list[Server] = []

    def config(server: Server) -> dict[str, Any]:
        noted.append(server)
        return {"endpoint": server.url, "bucket": "media"}

    assert check_server(ProbeKind.S3, answer(200, b""), config).outcome == Outcome.UP
    assert "authorization" not in noted[0].requests[0].lower()


def test_the_bucket_may_be_part_of_the_name() -> None:
    async def body() -> tuple[str, str]:
        names = Names(media_s3_example=["127.0.0.1"])
        client = GuardedClient(resolver=Resolver(threads=1, lookup=names))
        async with serving(answer(200, b"")) as server:
            config = {"endpoint": f"http://s3.example:{server.port}", "bucket": "media", "path_style": False, **KEYS}
            result = await check_once(ProbeKind.S3, config, client=client)
            return result.detail, server.requests[0]

    detail, head = asyncio.run(body())
    assert detail.startswith("Bucket found in")
    assert head.startswith("HEAD / HTTP/1.1\r\n")
    assert "Host: media.s3.example:" in head


@pytest.mark.parametrize(
    ("behaviour", "keys", "detail"),
    [
        (answer(403, b""), {}, "Access denied."),
        (answer(403, b""), {"access_key": "", "secret_key": ""}, "Access denied: the bucket is not public."),
        (answer(404, b""), {}, "There is no such bucket."),
        (
            answer(301, b"", headers="x-amz-bucket-region: eu-west-1\r\n"),
            {},
            "The bucket is in another region: eu-west-1.",
        ),
        (answer(301, b"", headers="x-amz-bucket-region: <b>\r\n"), {}, "The bucket is in another region."),
        (answer(307, b"", headers="Location: http://169.254.169.254/\r\n"), {}, "The bucket is in another region."),
        (answer(400, b""), {}, "The request was refused as wrong (400): the region or the keys may be."),
        (
            answer(400, b"", headers="x-amz-bucket-region: eu-west-1\r\n"),
            {},
            "The bucket is in another region: eu-west-1.",
        ),
        (answer(503, b""), {}, "Answered 503, expected 200."),
        (send(b"+PONG\r\n"), {}, "The answer is not HTTP."),
    ],
)
def test_another_answer_says_what_it_means(
    behaviour: Any, keys: dict[str, Any], detail: str, check_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        result = check_server(ProbeKind.S3, behaviour, lambda server: at(server, **keys))
    assert (result.outcome, result.detail) == (Outcome.DOWN, detail)
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("behaviour", [hang, drip(b"HTTP/1.1 200 OK\r\n" * 9, every=0.05)], ids=["hangs", "drips"])
def test_no_answer_in_time_is_down(behaviour: Any, check_server: Any) -> None:
    result = check_server(ProbeKind.S3, behaviour, at, timeout=timedelta(milliseconds=300))
    assert (result.outcome, result.detail) == (Outcome.DOWN, "No answer within 300 ms.")


def test_a_private_endpoint_without_permission_is_never_asked(check_server: Any) -> None:
    result = check_server(ProbeKind.S3, answer(), at, allow_private=False)
    assert result.detail == "127.0.0.1 is a loopback address; set allow_private to probe it."


def test_a_key_that_cannot_be_sent_is_our_trouble(check_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("S3_SECRET", "two\nlines")
    result = check_server(ProbeKind.S3, answer(), at)
    assert (result.outcome, result.detail) == (
        Outcome.ERROR,
        "The probe cannot be made: secret_key is not made of printable characters.",
    )


def test_the_configuration_keeps_the_name_of_the_secret() -> None:
    keys = {"endpoint": "https://s3.example.com", "bucket": "media", "region": "eu-west-1", **KEYS}
    fields = Fields(keys, key="probe", environ={"S3_SECRET": "hunter2-long"})
    assert stored(S3Config.parse(fields)) == keys
    assert fields.errors == []


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ({"secret_key": "plain-secret"}, 'secret_key is "(hidden)"; expected its value from the environment'),
        ({"secret_key": ""}, 'secret_key is ""; expected both keys, or neither'),
        ({"access_key": ""}, 'access_key is ""; expected both keys, or neither'),
        ({"bucket": "../other"}, 'bucket is "../other"; expected the name of a bucket'),
        ({"bucket": "a?b"}, 'bucket is "a?b"; expected the name of a bucket'),
        ({"region": "eu west"}, 'region is "eu west"; expected a region such as eu-central-1'),
        ({"endpoint": "s3://media"}, 'endpoint is "s3://media"; expected a URL that begins with http://'),
        ({"endpoint": "https://a:b@s3.example.com"}, 'endpoint is "(hidden)"; expected a URL without user'),
        ({"endpoint": "http://169.254.169.254"}, "endpoint is "),
    ],
)
def test_a_wrong_key_says_what_was_expected(keys: dict[str, Any], sentence: str) -> None:
    fields = Fields(
        {"endpoint": "https://s3.example.com", "bucket": "media", **KEYS, **keys},
        key="probe",
        environ={"S3_SECRET": "hunter2-long"},
    )
    S3Config.parse(fields)
    (error,) = fields.errors
    assert str(error).removeprefix("probe.").startswith(sentence)
