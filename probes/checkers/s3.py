"""An S3 bucket: HEAD, signed with Signature Version 4, or anonymous."""

import os
import re
from dataclasses import dataclass, field
from typing import ClassVar, Self

from yarl import URL

from probes.checkers.base import OPTIONAL, CheckContext, CheckFailed, CheckRequest, CheckResult, measured
from probes.checkers.fields import Fields, UnusableVariable, expand, is_placeholder
from probes.checkers.sigv4 import Credentials, signed_headers
from statuspage.core import clock
from statuspage.core.http.client import Fetched, fetch

BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]", re.ASCII)
REGION = re.compile(r"[a-z0-9-]{1,40}", re.ASCII)
PRINTABLE = re.compile(r"[\x21-\x7e]+", re.ASCII)
SECRETS = ("secret_key", "session_token")
SUCCESS = range(200, 300)
ELSEWHERE = frozenset({301, 302, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Config:
    """`path_style`: the bucket is the first part of the path; else it is the first part of the host's name."""

    KEYS: ClassVar[frozenset[str]] = frozenset(
        {"endpoint", "bucket", "region", "access_key", "path_style", "verify_tls", *SECRETS}
    )

    endpoint: str
    bucket: str
    region: str = "us-east-1"
    access_key: str = field(default="", metadata=OPTIONAL)
    secret_key: str = field(default="", metadata=OPTIONAL)
    session_token: str = field(default="", metadata=OPTIONAL)
    path_style: bool = field(default=True, metadata=OPTIONAL)
    verify_tls: bool = field(default=True, metadata=OPTIONAL)

    @classmethod
    def parse(cls, fields: Fields) -> Self:
        bucket, region = fields.text("bucket", most=255), fields.text("region", default="us-east-1", most=40)
        if bucket and not BUCKET.fullmatch(bucket):
            fields.refuse("bucket", "the name of a bucket: letters, digits, dots, dashes and _")
        if not REGION.fullmatch(region):
            fields.refuse("region", "a region such as eu-central-1")
        access_key = fields.usable("access_key", most=200)
        secret_key, session_token = (_read_secret(fields, name) for name in SECRETS)
        if bool(access_key) is not bool(secret_key):
            fields.refuse("secret_key" if access_key else "access_key", "both keys, or neither for a public bucket")
        return cls(
            endpoint=_read_endpoint(fields),
            bucket=bucket,
            region=region,
            access_key=access_key,
            secret_key=secret_key,
            session_token=session_token,
            path_style=fields.boolean("path_style", default=True),
            verify_tls=fields.boolean("verify_tls", default=True),
        )


def _read_endpoint(fields: Fields) -> str:
    endpoint = fields.url("endpoint", schemes=("http", "https"))
    if "?" in endpoint or "#" in endpoint or "@" in endpoint:
        fields.refuse("endpoint", "a URL without user, query or fragment", shown=False)
    return endpoint


def _read_secret(fields: Fields, name: str) -> str:
    written = fields.text(name, default="", shown=False)
    if written and not is_placeholder(written):
        fields.refuse(name, "its value from the environment, as ${NAME}", shown=False)
    elif written:
        fields.expanded(name, written, shown=False)
    return written


class S3Checker:
    async def check(self, request: CheckRequest, context: CheckContext) -> CheckResult:
        config = S3Config(**request.config)
        url = _bucket_url(URL(expand(config.endpoint, os.environ)), config)
        answer = await fetch(
            context.client,
            "HEAD",
            str(url),
            timeout=request.timeout.total_seconds(),
            headers=_headers(url, config),
            # A signature is for one host: a redirect tells of another region, and is not followed.
            max_redirects=0,
            verify_tls=config.verify_tls,
            allow_private=request.allow_private,
        )
        if answer.status not in SUCCESS:
            raise CheckFailed(_sentence(answer, is_signed=bool(config.access_key)))
        return measured(request, "Bucket found", answer.elapsed_ms)


def _bucket_url(endpoint: URL, config: S3Config) -> URL:
    if config.path_style:
        return endpoint / config.bucket
    return endpoint.with_host(f"{config.bucket}.{endpoint.host}").with_path(endpoint.path or "/")


def _headers(url: URL, config: S3Config) -> dict[str, str]:
    if not config.access_key:
        return {}
    values = {name: expand(getattr(config, name), os.environ).strip() for name in ("access_key", *SECRETS)}
    for name, value in values.items():
        if value and not PRINTABLE.fullmatch(value):
            raise UnusableVariable(f"{name} is not made of printable characters")
    return signed_headers("HEAD", url, credentials=Credentials(**values), region=config.region, moment=clock.now())


def _sentence(answer: Fetched, *, is_signed: bool) -> str:
    status, region = answer.status, answer.headers.get("x-amz-bucket-region", "")
    if status in ELSEWHERE or (status == 400 and region):
        place = f": {region}" if REGION.fullmatch(region) else ""
        return f"The bucket is in another region{place}."
    if status == 404:
        return "There is no such bucket."
    if status in {401, 403}:
        return "Access denied." if is_signed else "Access denied: the bucket is not public."
    if status == 400:
        return "The request was refused as wrong (400): the region or the keys may be."
    return f"Answered {status}, expected 200."
