"""Text from people and from other systems, made safe to keep: no control characters, one Unicode form."""

import re
import unicodedata

# C0 and C1 controls but for tab, line feed and carriage return (folded below); surrogates; the two non-characters
# that XML 1.0 forbids (section 2.2): one of these in a title would make a whole feed unreadable.
FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
# Bidirectional overrides can make a line read as something else than it says.
BIDI = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
BLANKS = re.compile(r"\s+")


def clean_text(text: str) -> str:
    """Several lines: control characters removed, line ends folded to \\n, NFC, ends trimmed."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", BIDI.sub("", FORBIDDEN.sub("", text))).strip()


def clean_line(text: str) -> str:
    """One line: as `clean_text`, with every run of white space folded to one blank."""
    return BLANKS.sub(" ", clean_text(text)).strip()
