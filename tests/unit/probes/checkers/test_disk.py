"""Disk probes, on real folders."""

import errno
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

from probes.checkers.disk import say_bytes
from probes.enums import Outcome, ProbeKind


def test_a_folder_that_can_be_written_is_up_and_left_as_it_was(check: Any, tmp_path: Path) -> None:
    result = check(ProbeKind.DISK, {"path": str(tmp_path)})
    assert result.outcome == Outcome.UP
    assert result.detail.endswith(f"B free, written in {round(result.latency_ms)} ms")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_from_the_environment_is_found(check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_FOLDER", str(tmp_path))
    assert check(ProbeKind.DISK, {"path": "${A_FOLDER}"}).outcome == Outcome.UP


def test_a_missing_folder_is_down(check: Any, tmp_path: Path) -> None:
    result = check(ProbeKind.DISK, {"path": str(tmp_path / "gone")})
    assert (result.outcome, result.detail) == (
        Outcome.DOWN,
        f"The folder {tmp_path}/gone is missing or read-only.",
    )


def test_a_file_is_no_folder(check: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert check(ProbeKind.DISK, {"path": str(tmp_path / "file")}).outcome == Outcome.DOWN


@pytest.mark.parametrize(
    ("number", "outcome", "words"),
    [
        (errno.ENOSPC, Outcome.DOWN, "is full."),
        (errno.EROFS, Outcome.DOWN, "is missing or read-only."),
        (errno.EMFILE, Outcome.ERROR, "The check itself failed."),
    ],
)
def test_what_the_disk_answers_is_said(
    number: int, outcome: Outcome, words: str, check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_options: Any) -> None:
        raise OSError(number, "as the test says")

    monkeypatch.setattr(tempfile, "NamedTemporaryFile", refuse)
    result = check(ProbeKind.DISK, {"path": str(tmp_path)})
    assert result.outcome == outcome
    assert result.detail.endswith(words)


def test_little_room_is_degraded(check: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage._replace(total=10**11, free=120 * 10**6))
    result = check(ProbeKind.DISK, {"path": str(tmp_path)})
    assert (result.outcome, result.detail) == (Outcome.DEGRADED, "Only 120 MB free.")


@pytest.mark.parametrize(("size", "words"), [(0, "0 MB"), (999_999_999, "999 MB"), (12_300_000_000, "12 GB")])
def test_a_size_is_said_in_round_numbers(size: int, words: str) -> None:
    assert say_bytes(size) == words
