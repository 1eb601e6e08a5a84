"""Tokens: random ones kept as a hash, and signed ones that need no storage."""

import hashlib
import secrets
from datetime import timedelta

from django.core import signing
from django.utils import crypto


def new_token() -> str:
    """A random token for a URL: 32 bytes, 43 characters."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """SHA-256 in hex: what is stored. A random 256-bit token needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


def keyed_hash(purpose: str, text: str) -> str:
    """SHA-256 in hex, keyed with SECRET_KEY: the same for the same text, and no list of guesses turns it back."""
    return crypto.salted_hmac(f"statuspage.{purpose}", text, algorithm="sha256").hexdigest()


def sign(purpose: str, value: str) -> str:
    """`value` with a keyed signature that is good for this purpose only."""
    return signing.TimestampSigner(salt=f"statuspage.{purpose}").sign_object(value, compress=False)


def unsign(purpose: str, token: str, *, max_age: timedelta | None = None) -> str | None:
    """The value, or None if the token is forged, expired or made for another purpose."""
    try:
        value = signing.TimestampSigner(salt=f"statuspage.{purpose}").unsign_object(token, max_age=max_age)
    except (signing.BadSignature, ValueError):
        return None
    return value if isinstance(value, str) else None
