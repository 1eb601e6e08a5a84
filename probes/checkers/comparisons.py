"""A place in a JSON document, compared with what is expected there, and the sentence when it is not."""

import json
import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probes.checkers import hiding
from probes.checkers.base import CheckFailed
from probes.checkers.fields import Fields, expand
from probes.checkers.json_path import BadPath, NoSuchPlace, find, parse_path
from probes.checkers.patterns import expand_pattern, is_found, read_pattern
from statuspage.core.text import clean_line

OPS = ("==", "!=", "<", "<=", ">", ">=", "contains", "matches", "exists")
ORDERED = frozenset({"<", "<=", ">", ">="})
KEYS = frozenset({"path", "op", "value"})
LONGEST_SHOWN = 60
LONGEST_VALUE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """`value` as configured: a number, a text with its `${NAME}`, a boolean."""

    path: str
    op: str
    value: Any = None

    @classmethod
    def parse(cls, fields: Fields) -> "Comparison":
        path = read_path(fields, "path")
        op = fields.choice("op", OPS, default="exists" if "value" not in fields.mapping else "==")
        return cls(path=path, op=op, value=_read_value(fields, op))


def read_path(fields: Fields, name: str) -> str:
    path = fields.text(name)
    if path:
        try:
            parse_path(path)
        except BadPath as error:
            fields.refuse(name, str(error))
    return path


def _read_value(fields: Fields, op: str) -> Any:
    value = fields.mapping.get("value")
    if op == "exists":
        return fields.boolean("value", default=True)
    if op in ORDERED:
        return fields.number("value")
    if op == "matches":
        if not isinstance(value, str) or not value:
            fields.refuse("value", "a pattern")
        return read_pattern(fields, "value")
    if isinstance(value, str):
        return fields.usable("value", most=LONGEST_VALUE)
    if isinstance(value, bool):
        return value
    return fields.number("value")


def read_json(text: bytes, *, is_cut: bool) -> object:
    """The document. Raises CheckFailed for what is none, or is too much of one."""
    if is_cut:
        raise CheckFailed("The body is longer than a megabyte: its JSON is not read.")
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:  # also bytes that are no Unicode, and numbers of thousands of digits
        raise CheckFailed("The body is not JSON.") from None
    except RecursionError:
        raise CheckFailed("The JSON is nested too deeply.") from None


def _refuse_constant(name: str) -> object:
    raise ValueError(name)


async def compare(comparison: Comparison, document: object, *, subject: str = "", unit: str = "") -> None:
    """Raise CheckFailed, with a sentence, unless it holds. `subject` is what people call the place."""
    name = subject or comparison.path
    try:
        found = find(parse_path(comparison.path), document)
    except NoSuchPlace:
        if comparison.op == "exists" and comparison.value is False:
            return
        raise CheckFailed(f"The JSON has no {comparison.path}.") from None
    if not await _holds(comparison, found, name):
        raise CheckFailed(_sentence(comparison, found, name, unit))


async def _holds(comparison: Comparison, found: object, name: str) -> bool:
    op, value = comparison.op, comparison.value
    if op == "exists":
        return bool(value)
    if op in ORDERED:
        return _in_order(op, number_of(found, name), value)
    if op == "matches":
        pattern = expand_pattern(value, os.environ)
        return isinstance(found, str) and await is_found(pattern, found.encode(errors="replace"))
    expected = expand(value, os.environ) if isinstance(value, str) else value
    if op == "contains":
        return _contains(found, expected)
    return _is_same(found, expected) is (op == "==")


def _in_order(op: str, found: float, expected: float) -> bool:
    return {
        "<": found < expected,
        "<=": found <= expected,
        ">": found > expected,
        ">=": found >= expected,
    }[op]


def _is_same(found: object, expected: object) -> bool:
    """As JSON sees it: `true` is not 1, and 1 is 1.0."""
    return isinstance(found, bool) is isinstance(expected, bool) and found == expected


def _contains(found: object, expected: object) -> bool:
    if isinstance(found, str):
        return isinstance(expected, str) and expected in found
    if isinstance(found, list):
        return any(_is_same(item, expected) for item in found)
    return isinstance(found, dict) and isinstance(expected, str) and expected in found


def number_of(found: object, name: str) -> float:
    """Raises CheckFailed for what is no finite number."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        raise CheckFailed(f"{name} is {shown(found)}, not a number.")
    try:
        number = float(found)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise CheckFailed(f"{name} is too large a number.")
    return found


def _sentence(comparison: Comparison, found: object, name: str, unit: str) -> str:
    op, value = comparison.op, comparison.value
    expected = f'"{value}"' if isinstance(value, str) else shown(value)
    if op == "exists":
        return f"The JSON has {comparison.path}, expected none."
    if op == "contains":
        return f"{name} does not contain {expected}."
    if op == "matches":
        return f"{name} does not match {expected}."
    measured = f"{shown(found)} {unit}".strip()
    wanted = {"==": expected, "!=": f"anything but {expected}"}.get(op, f"{op} {expected}")
    return f"{name} is {measured}, expected {wanted}."


def shown(found: object) -> str:
    """A value of a stranger, short and without what we keep to ourselves."""
    if isinstance(found, dict | list):
        return f"{'an object' if isinstance(found, dict) else 'a list'} of {len(found)}"
    if isinstance(found, str):
        return f'"{cut(found)}"'
    if isinstance(found, float) and found.is_integer() and abs(found) < 1e15:
        return str(int(found))
    return cut(json.dumps(found))


def cut(text: str) -> str:
    text = hiding.hide(clean_line(text))
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


def comparison_of(row: Mapping[str, Any]) -> Comparison:
    """One as it is stored."""
    return Comparison(**row)
