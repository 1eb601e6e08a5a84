"""What is one mail address, and its one form in the database.

Lengths are RFC 5321's (4.5.3.1: 64 before the @, 254 in all). The domain is kept in its ASCII form (RFC 5890); what
comes before the @ must be ASCII, as most mail servers take nothing else.
"""

import re

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from statuspage.core.errors import ValidationFailed

FIELD = "email"
MAX_LENGTH = 254
MAX_LOCAL_LENGTH = 64

# Anything that could end a header, begin another recipient, or hide a name or a route in front of the address.
FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff,;:<>()\[\]\"\\]")
# IDNA 2003 and 2008 disagree on these: the mail would go to somebody else's domain (UTS 46, section 4.1.2).
DEVIATIONS = frozenset("ßς\u200c\u200d")

_validate = EmailValidator(allowlist=[])


def normalise_address(text: object, *, field: str = FIELD) -> str:
    """Exactly one address, lower case, with an ASCII domain. Raises ValidationFailed at `field`, with a sentence."""
    try:
        return _normalise(text)
    except ValidationFailed as error:
        raise ValidationFailed(field, error.sentence) from None


def _normalise(text: object) -> str:
    address = _one_address(text)
    local, _, domain = address.partition("@")
    if len(local) > MAX_LOCAL_LENGTH:
        raise ValidationFailed(FIELD, f"The part before the @ is longer than {MAX_LOCAL_LENGTH} characters.")
    if not local.isascii():
        raise ValidationFailed(FIELD, "The part before the @ has letters that most mail servers do not take.")
    normal = f"{local}@{_ascii_domain(domain)}".lower()
    try:
        _validate(normal)
    except ValidationError:
        raise ValidationFailed(FIELD, "An email address reads name@example.com.") from None
    return _short_enough(normal)


def _one_address(text: object) -> str:
    if not isinstance(text, str):
        raise ValidationFailed(FIELD, "Give one email address as text.")
    address = text.strip(" \t\r\n")
    if not address:
        raise ValidationFailed(FIELD, "Type your email address.")
    _short_enough(address)
    if address.count("@") > 1:
        raise ValidationFailed(FIELD, "Give one address only: this has more than one @.")
    if FORBIDDEN.search(address):
        raise ValidationFailed(FIELD, "This has characters that an email address cannot have: type the address alone.")
    return address


def _short_enough(address: str) -> str:
    if len(address) > MAX_LENGTH:
        raise ValidationFailed(FIELD, f"This address is longer than {MAX_LENGTH} characters: no mail can reach it.")
    return address


def _ascii_domain(domain: str) -> str:
    if domain.isascii():
        return domain
    if DEVIATIONS & set(domain):
        raise ValidationFailed(FIELD, "Write the domain of this address in its ASCII form, which begins with xn--.")
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        raise ValidationFailed(FIELD, "The part after the @ is not a domain.") from None
