"""Signs a request without a body as AWS Signature Version 4 wants it, for S3 and what speaks like it.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from yarl import URL

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "s3"
EMPTY = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    access_key: str
    secret_key: str = field(repr=False)
    session_token: str = field(default="", repr=False)


def signed_headers(
    method: str,
    url: URL,
    *,
    credentials: Credentials,
    region: str,
    moment: datetime,
    extra: dict[str, str] | None = None,
) -> dict[str, str]:
    """All the headers to send, `Host` and `extra` among them. `moment` is aware, UTC."""
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    headers = {
        "Host": url.host_port_subcomponent or "",
        "X-Amz-Content-Sha256": EMPTY,
        "X-Amz-Date": stamp,
        **(extra or {}),
    }
    if credentials.session_token:
        headers["X-Amz-Security-Token"] = credentials.session_token
    names, canonical = _canonical(method, url, headers)
    scope = f"{stamp[:8]}/{region}/{SERVICE}/aws4_request"
    to_sign = "\n".join((ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{credentials.secret_key}".encode()
    for part in (*scope.split("/"), to_sign):
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"{credentials.access_key}/{scope}"
    value = f"{ALGORITHM} Credential={credential},SignedHeaders={names},Signature={key.hex()}"
    return {**headers, "Authorization": value}


def _canonical(method: str, url: URL, headers: dict[str, str]) -> tuple[str, str]:
    """The names of the headers that are signed, and the request in its one form."""
    ordered = sorted((name.lower(), " ".join(value.split())) for name, value in headers.items())
    names = ";".join(name for name, _ in ordered)
    query = "&".join(sorted(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in url.query.items()))
    lines = (
        method,
        quote(url.path, safe="/"),
        query,
        *(f"{name}:{value}" for name, value in ordered),
        "",
        names,
        EMPTY,
    )
    return names, "\n".join(lines)
