"""Files that somebody made to break us, or that broke on the way: a sentence, never a traceback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from incidents.importing.reading import read_file
from incidents.importing.records import UnknownFormat
from incidents.importing.services import import_file
from tests.statuspage_files import component, incident, row, summary, window

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["", "resolved", "In progress", "2024-03-05T09:10:00Z", "9999-12-31T23:59:59-23:59", "a" * 12]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value inside."""
    found = [path] if path else []
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        found += places(part, (*path, key))
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    copy = json.loads(json.dumps(value))
    target = copy
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = new
    return copy


DOCUMENT = summary(
    incidents=[incident()],
    scheduled_maintenances=[incident(id="w1nd0ww1nd0w", status="scheduled")],
    components=[component("Platform", "gr0upgr0upgr", group=True), component(group_id="gr0upgr0upgr")],
)


@pytest.mark.django_db
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), new=anything)
def test_any_value_anywhere_is_taken_or_skipped(tmp_path: Path, data: st.DataObject, new: Any) -> None:
    original = data.draw(st.sampled_from([DOCUMENT, row(), window()]))
    path = data.draw(st.sampled_from(places(original)))
    file = tmp_path / "history.json"
    file.write_text(json.dumps(replaced(original, path, new)))

    try:
        read = read_file(file)
    except UnknownFormat:
        return
    report = import_file(read, with_page=True, dry_run=True)
    assert report.incidents.total + report.maintenances.total <= 2


@pytest.mark.parametrize("depth", [500, 5_000, 200_000])
def test_a_value_that_is_nested_without_end_is_skipped(lines: Callable[..., Path], depth: int) -> None:
    deep = f'{{"title": "Deep", "updates": {"[" * depth}{"]" * depth}}}'
    file = read_file(lines(deep, row()))

    assert len(file.incidents) == 1
    assert [skipped.place for skipped in file.skipped] == ["history.jsonl:1"]


def test_a_document_that_is_nested_without_end_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "incidents.json"
    path.write_text(f'{{"incidents": [{"[" * 900}{"]" * 900}, {json.dumps(incident())}]}}')

    assert len(read_file(path).incidents) == 1
