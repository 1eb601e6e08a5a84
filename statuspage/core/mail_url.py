"""EMAIL_URL: which mail server, and how it is spoken to. No message repeats the address: it has a password in it."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

BACKEND = "django.core.mail.backends.smtp.EmailBackend"
# Port, STARTTLS, TLS from the first byte.
SCHEMES = {
    "smtp": (25, False, False),
    "smtp+tls": (587, True, False),
    "smtps": (465, False, True),
    "smtp+ssl": (465, False, True),
}
# Connecting and logging in. How long a message may take is the sender's affair (`statuspage.core.smtp`).
TIMEOUT_SECONDS = 15
LONGEST_TIMEOUT_SECONDS = 30
NOT_A_URL = "in user and password, / ? # @ : and % are written as %2F %3F %23 %40 %3A and %25"


def is_smtp(url: str) -> bool:
    return url.partition("://")[0].lower() in SCHEMES


def read_mail_url(url: str) -> dict[str, Any]:
    """`smtp+tls://user:password@host:587?timeout=20` as one of Django's MAILERS. Raises ValueError with a sentence."""
    try:
        parts = urlsplit(url)
    except ValueError:
        # What it says repeats the password.
        raise ValueError(NOT_A_URL) from None
    if parts.fragment or "#" in url or "@" in parts.query or parts.path not in {"", "/"}:
        raise ValueError(NOT_A_URL)
    if not parts.hostname:
        raise ValueError("it names no host")
    usual_port, use_tls, use_ssl = SCHEMES[parts.scheme]
    try:
        port = parts.port or usual_port
    except ValueError:
        raise ValueError("its port is not a number up to 65535") from None
    username, password = unquote(parts.username or ""), unquote(parts.password or "")
    if not (username + password).isascii():
        raise ValueError("its user or password is not ASCII, and the login would fail with every mail")
    return {
        "BACKEND": BACKEND,
        "OPTIONS": {
            "host": parts.hostname,
            "port": port,
            "username": username,
            "password": password,
            "use_tls": use_tls,
            "use_ssl": use_ssl,
            "timeout": _timeout(parts.query),
        },
    }


def _timeout(query: str) -> int:
    options = dict(parse_qsl(query, keep_blank_values=True))
    text = options.pop("timeout", str(TIMEOUT_SECONDS))
    if options:
        raise ValueError(f"it has the option {min(options)[:40]!r}; there is only timeout")
    if not text.isdecimal() or not 1 <= int(text) <= LONGEST_TIMEOUT_SECONDS:
        raise ValueError(f"its timeout is not a number of seconds from 1 to {LONGEST_TIMEOUT_SECONDS}")
    return int(text)
