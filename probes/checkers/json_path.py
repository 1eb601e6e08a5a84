"""A small part of JSONPath (RFC 9535): one place in a document, never a search.

    $.queue.depth    $.nodes[0].state    $["odd key"]    $.nodes[-1]    $.nodes.length()

Names after a dot are letters, digits, _ and -; any other key goes into brackets and quotes. `.length()` at the end is
the number of items, of keys or of characters. Nothing is evaluated, and a path takes as many steps as it has parts.
"""

import json
import re
from dataclasses import dataclass
from functools import lru_cache

LONGEST_PATH = 200
MOST_STEPS = 32
LENGTH = ".length()"
STEP = re.compile(
    r"""\.(?P<name>[\w-]+)
      | \[(?P<index>-?[0-9]{1,9})\]
      | \[(?P<double>"(?:[^"\\]|\\.)*")\]
      | \['(?P<single>[^'\\]*)'\]""",
    re.VERBOSE,
)

type Step = str | int


class BadPath(ValueError):
    """Not a path of this kind; the message says what is expected, for people."""


class NoSuchPlace(LookupError):
    """The document has nothing there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    steps: tuple[Step, ...]
    wants_length: bool = False


@lru_cache(maxsize=1024)
def parse_path(text: str) -> Path:
    """Raises BadPath."""
    if len(text) > LONGEST_PATH:
        raise BadPath(f"a path of at most {LONGEST_PATH} characters")
    if not text.startswith("$"):
        raise BadPath("a path that begins with $, such as $.queue.depth")
    body = text[1:].removesuffix(LENGTH)
    steps: list[Step] = []
    position = 0
    while position < len(body):
        match = STEP.match(body, position)
        if match is None:
            raise BadPath('a path such as $.queue.depth, $.nodes[0].state, $["odd key"] or $.nodes.length()')
        steps.append(_step(match))
        position = match.end()
    if len(steps) > MOST_STEPS:
        raise BadPath(f"a path of at most {MOST_STEPS} steps")
    return Path(steps=tuple(steps), wants_length=text.endswith(LENGTH))


def _step(match: re.Match[str]) -> Step:
    if match["index"] is not None:
        return int(match["index"])
    if match["double"] is not None:
        try:
            return str(json.loads(match["double"]))
        except ValueError:
            raise BadPath("a key in quotes as JSON writes it") from None
    return match["name"] if match["name"] is not None else match["single"]


def find(path: Path, document: object) -> object:
    """What is there. Raises NoSuchPlace."""
    place = document
    for step in path.steps:
        place = _step_into(place, step)
    if not path.wants_length:
        return place
    if isinstance(place, dict | list | str):
        return len(place)
    raise NoSuchPlace


def _step_into(place: object, step: Step) -> object:
    if isinstance(step, str):
        if isinstance(place, dict) and step in place:
            return place[step]
    elif isinstance(place, list) and -len(place) <= step < len(place):
        return place[step]
    raise NoSuchPlace
