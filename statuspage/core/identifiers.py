"""Identifiers: the public ones programs use, and the letters of the references people say aloud."""

import secrets
import string

PUBLIC_ID_ALPHABET = string.ascii_lowercase + string.digits
PUBLIC_ID_LENGTH = 12


def new_public_id() -> str:
    """12 random lower-case letters and digits (62 bits)."""
    return "".join(secrets.choice(PUBLIC_ID_ALPHABET) for _ in range(PUBLIC_ID_LENGTH))


def reference_letters(index: int) -> str:
    """0 → a, 25 → z, 26 → aa, 27 → ab, like the columns of a spreadsheet."""
    letters = ""
    number = index + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = string.ascii_lowercase[rest] + letters
    return letters


def letters_index(letters: str) -> int:
    """The inverse of `reference_letters`."""
    number = 0
    for letter in letters:
        number = number * 26 + string.ascii_lowercase.index(letter) + 1
    return number - 1
