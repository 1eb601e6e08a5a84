"""Files to import, and the import itself."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from incidents.importing.reading import read_file
from incidents.importing.services import import_file
from incidents.importing.tally import ImportReport


@pytest.fixture
def lines(tmp_path: Path) -> Callable[..., Path]:
    """Write rows as JSON Lines; a text stands for itself."""

    def write(*rows: Mapping[str, Any] | str, name: str = "history.jsonl") -> Path:
        path = tmp_path / name
        path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
        return path

    return write


@pytest.fixture
def document(tmp_path: Path) -> Callable[..., Path]:
    def write(value: object, name: str = "summary.json") -> Path:
        path = tmp_path / name
        path.write_text(json.dumps(value))
        return path

    return write


@pytest.fixture
def take(db: None, document: Callable[..., Path]) -> Callable[..., ImportReport]:
    """Write a document and import it."""

    def import_it(value: object, **options: Any) -> ImportReport:
        return import_file(read_file(document(value)), **options)

    return import_it


@pytest.fixture
def take_lines(db: None, lines: Callable[..., Path]) -> Callable[..., ImportReport]:
    def import_them(*rows: Mapping[str, Any] | str, **options: Any) -> ImportReport:
        return import_file(read_file(lines(*rows)), **options)

    return import_them
