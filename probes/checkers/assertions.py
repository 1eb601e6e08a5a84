"""What an HTTP answer has to be like, and one sentence for each way it is not."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any

from probes.checkers.answers import plain_body
from probes.checkers.base import CheckFailed
from probes.checkers.comparisons import KEYS, Comparison, compare, comparison_of, cut, read_json
from probes.checkers.fields import Fields, expand
from probes.checkers.http_request import HEADER_NAME, SECRET_NAME
from probes.checkers.patterns import MOST_SEARCHED, expand_pattern, is_found
from statuspage.core.errors import UnknownKey
from statuspage.core.http.client import Fetched

SUCCESS = range(200, 300)
ANY_STATUS = range(200, 600)
REDIRECTION = range(300, 400)
MOST_STATUSES = MOST_HEADERS = MOST_COMPARISONS = 20
STATUS_CLASS = re.compile(r"([2-5])xx", re.ASCII)
STATUS_RANGE = re.compile(r"([2-5]\d\d)-([2-5]\d\d)", re.ASCII)

type Status = int | str
type HeaderCheck = str | bool | Mapping[str, str]


def statuses_of(status: Status) -> range:
    """The statuses that `200`, `"2xx"` or `"200-299"` stands for; none for what is neither."""
    if isinstance(status, int):
        return range(status, status + 1)
    if match := STATUS_CLASS.fullmatch(status.lower()):
        return range(int(match[1]) * 100, int(match[1]) * 100 + 100)
    if match := STATUS_RANGE.fullmatch(status):
        return range(int(match[1]), int(match[2]) + 1)
    return range(0)


def read_statuses(fields: Fields) -> list[Status]:
    given = fields.mapping.get("expect_status", [])
    if not isinstance(given, list) or len(given) > MOST_STATUSES:
        fields.refuse("expect_status", "a list of HTTP statuses such as [200, 204]")
        return []
    wrong = [status for status in given if not _is_status(status)]
    if wrong:
        is_text = isinstance(wrong[0], str)
        expected = 'statuses such as 200, "2xx" or "200-299"' if is_text else "HTTP statuses from 200 to 599"
        fields.refuse("expect_status", f"a list of {expected}")
        return []
    return list(given)


def _is_status(status: object) -> bool:
    if isinstance(status, bool) or not isinstance(status, int | str):
        return False
    found = statuses_of(status)
    return len(found) > 0 and found[0] in ANY_STATUS and found[-1] in ANY_STATUS


def read_header_checks(fields: Fields) -> dict[str, Any]:
    """Name → a text (exactly so), `{contains = …}`, true (there is one) or false (there is none)."""
    given = fields.mapping.get("expect_headers", {})
    if not isinstance(given, dict) or len(given) > MOST_HEADERS:
        fields.refuse("expect_headers", f"a table of at most {MOST_HEADERS} headers")
        return {}
    for name, check in given.items():
        key, text = f"expect_headers.{name[:100]}", check
        if isinstance(check, dict) and set(check) == {"contains"}:
            text = check["contains"]
        if not HEADER_NAME.fullmatch(name):
            fields.refuse(key, "the name of a header", value=name)
        elif isinstance(text, str) and text.strip():
            fields.expanded(key, text)
        elif not isinstance(check, bool):
            fields.refuse(key, 'a text, { contains = "…" }, true (there is one) or false', value=str(check)[:40])
    return dict(given)


def read_comparisons(fields: Fields) -> list[Comparison]:
    given = fields.mapping.get("expect_json", [])
    if not isinstance(given, list) or len(given) > MOST_COMPARISONS or not all(isinstance(row, dict) for row in given):
        fields.refuse(
            "expect_json", f"a list of at most {MOST_COMPARISONS} tables {{ path, op, value }}", value=str(given)[:40]
        )
        return []
    return [_read_comparison(fields, row, position) for position, row in enumerate(given)]


def _read_comparison(fields: Fields, row: Mapping[str, Any], position: int) -> Comparison:
    within = Fields(row, key=f"{fields.key}.expect_json[{position}]", environ=fields.environ)
    comparison = Comparison.parse(within)
    fields.errors += within.errors
    fields.errors += [
        UnknownKey(key=f"{within.key}.{name}", value=value, known=KEYS)
        for name, value in row.items()
        if name not in KEYS
    ]
    return comparison


def check_status(answer: Fetched, expected: Sequence[Status]) -> None:
    allowed = [statuses_of(status) for status in expected] or [SUCCESS]
    if not any(answer.status in statuses for statuses in allowed):
        words = " or ".join(str(status) for status in expected) or "2xx"
        raise CheckFailed(f"Answered {answer.status}, expected {words}.")


def check_headers(answer: Fetched, checks: Mapping[str, HeaderCheck]) -> None:
    for name, check in checks.items():
        found = answer.headers.get(name.lower())
        if check is False and found is not None:
            raise CheckFailed(f"There is a header {name}, expected none.")
        if check is not False and found is None:
            raise CheckFailed(f"The header {name} is missing.")
        if found is not None and not isinstance(check, bool):
            _check_header(name, found.strip(), check)


def _check_header(name: str, found: str, check: str | Mapping[str, str]) -> None:
    written = check if isinstance(check, str) else check["contains"]
    expected = expand(written, os.environ)
    if found == expected if isinstance(check, str) else expected in found:
        return
    if not isinstance(check, str):
        raise CheckFailed(f'The header {name} does not contain "{cut(written)}".')
    if SECRET_NAME.search(name.lower()):
        raise CheckFailed(f"The header {name} is not what is expected.")
    raise CheckFailed(f'The header {name} is "{cut(found)}", expected "{cut(written)}".')


def check_size(answer: Fetched, *, least: int | None, most: int | None) -> None:
    """In bytes of the body without compression."""
    text, is_cut = plain_body(answer)
    if most is not None and (is_cut or len(text) > most):
        size = "more than a megabyte" if is_cut else f"{len(text)} bytes"
        raise CheckFailed(f"The body has {size}, expected at most {most}.")
    if least is not None and len(text) < least:
        raise CheckFailed(f"The body has {len(text)} bytes, expected at least {least}.")


async def check_body(answer: Fetched, *, contains: str, lacks: str, matches: str) -> None:
    text, is_cut = plain_body(answer)
    where = "first megabyte of the body" if is_cut else "body"
    if contains and expand(contains, os.environ).encode() not in text:
        raise CheckFailed(f'The {where} does not contain "{cut(contains)}".')
    if lacks and expand(lacks, os.environ).encode() in text:
        raise CheckFailed(f'The body contains "{cut(lacks)}".')
    if matches and not await is_found(expand_pattern(matches, os.environ), text):
        start = "The first 256 kB of the body do" if len(text) > MOST_SEARCHED else "The body does"
        raise CheckFailed(f'{start} not match "{cut(matches)}".')


async def check_json(answer: Fetched, rows: Sequence[Mapping[str, Any]]) -> None:
    text, is_cut = plain_body(answer)
    document = read_json(text, is_cut=is_cut)
    for row in rows:
        await compare(comparison_of(row), document)
