"""The words of our mails in other languages: .po files, which people edit, and the .mo files that Django reads.

`python -m subscriptions.catalogs` makes every .mo anew, without GNU gettext on the machine. The formats are those of
the GNU gettext manual (chapters "The Format of PO Files" and "The Format of GNU MO Files"), as far as we use them:
a context, one plural, no flags, no obsolete entries.
"""

import ast
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "locale"
MAGIC = 0x950412DE
_HEADER_SIZE = 28
_LINE = re.compile(r'(?:(msgctxt|msgid_plural|msgid|msgstr)(?:\[(\d)\])? )?(".*")')


@dataclass(slots=True, kw_only=True)
class Entry:
    """One message. `said` has a form for each plural of the language, and one where there is no plural."""

    context: str = ""
    words: str = ""
    plural: str = ""
    said: dict[int, str] = field(default_factory=dict)


def read_po(path: Path) -> list[Entry]:
    """In the order of the file, its header first. Raises ValueError with the number of a line that makes no sense."""
    entries: list[Entry] = []
    place = ("", 0)
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            place = ("", 0)
            continue
        match = _LINE.fullmatch(line)
        if match is None or not (match[1] or place[0]):
            raise ValueError(f"{path}, line {number}: not understood: {line}")
        if match[1]:
            # A message begins with its context, or where it has none with its words.
            if match[1] == "msgctxt" or (match[1] == "msgid" and place[0] != "msgctxt"):
                entries.append(Entry())
            place = (match[1], int(match[2] or 0))
        _put(entries[-1], place, str(ast.literal_eval(match[3])))
    return entries


def _put(entry: Entry, place: tuple[str, int], text: str) -> None:
    name, form = place
    if name == "msgctxt":
        entry.context += text
    elif name == "msgid":
        entry.words += text
    elif name == "msgid_plural":
        entry.plural += text
    else:
        entry.said[form] = entry.said.get(form, "") + text


def mo_bytes(entries: list[Entry]) -> bytes:
    """The catalog as Python's `gettext` reads it; its keys are sorted, as the format asks."""
    pairs = sorted((_key(entry).encode(), _forms(entry).encode()) for entry in entries)
    texts_at = _HEADER_SIZE + 16 * len(pairs)
    texts, places = b"", b""
    for text in [key for key, _ in pairs] + [value for _, value in pairs]:
        places += struct.pack("<II", len(text), texts_at + len(texts))
        texts += text + b"\0"
    values_at = _HEADER_SIZE + 8 * len(pairs)
    return struct.pack("<7I", MAGIC, 0, len(pairs), _HEADER_SIZE, values_at, 0, texts_at) + places + texts


def _forms(entry: Entry) -> str:
    return "\0".join(entry.said[form] for form in sorted(entry.said))


def _key(entry: Entry) -> str:
    words = f"{entry.words}\0{entry.plural}" if entry.plural else entry.words
    return f"{entry.context}\x04{words}" if entry.context else words


def po_files() -> list[Path]:
    return sorted(FOLDER.glob("*/LC_MESSAGES/django.po"))


def compile_all() -> None:
    for path in po_files():
        path.with_suffix(".mo").write_bytes(mo_bytes(read_po(path)))


if __name__ == "__main__":
    compile_all()
