from datetime import UTC, datetime, timedelta

import time_machine
from pytest_django import Settings

from statuspage.core.tokens import hash_token, keyed_hash, new_token, sign, unsign

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_a_signed_value_reads_back_for_its_purpose_only() -> None:
    token = sign("manage", "abc:1")
    assert unsign("manage", token) == "abc:1"
    assert unsign("confirm", token) is None


def test_a_forged_or_mangled_token_is_nothing() -> None:
    token = sign("manage", "abc:1")
    for forged in (token[:-1], token + "x", "", "\x00", "a:b:c", token.replace(token[0], "z", 1)):
        assert unsign("manage", forged) is None


def test_an_old_token_expires() -> None:
    with time_machine.travel(NOON, tick=False):
        token = sign("confirm", "abc:1")
    with time_machine.travel(NOON + timedelta(days=8), tick=False):
        assert unsign("confirm", token, max_age=timedelta(days=7)) is None
        assert unsign("confirm", token) == "abc:1"


def test_random_tokens_differ_and_are_kept_as_a_hash() -> None:
    assert new_token() != new_token()
    assert hash_token("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_a_keyed_hash_is_the_same_for_the_same_text_purpose_and_key_alone(settings: Settings) -> None:
    hashed = keyed_hash("a", "ada@example.org")
    assert len(hashed) == 64
    assert keyed_hash("a", "ada@example.org") == hashed
    assert keyed_hash("a", "bob@example.org") != hashed
    assert keyed_hash("b", "ada@example.org") != hashed
    settings.SECRET_KEY = "another"
    assert keyed_hash("a", "ada@example.org") != hashed
