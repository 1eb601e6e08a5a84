"""`manage.py import_statuspage`."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from incidents.models import Incident
from tests.statuspage_files import incident, row, summary, window

pytestmark = pytest.mark.django_db


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def run(*arguments: Path | str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_statuspage", *[str(argument) for argument in arguments], stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def test_it_says_what_was_done(lines: Callable[..., Path]) -> None:
    out, err = run(lines(row(), window()))

    assert out.splitlines() == [
        "history.jsonl is JSON Lines:",
        "  components: 1 added",
        "  incidents: 1 added",
        "  maintenance windows: 1 added",
        "  updates: 7 added",
    ]
    assert err == ""


def test_the_second_time_it_says_that_nothing_changed(lines: Callable[..., Path]) -> None:
    run(lines(row()))
    out, _ = run(lines(row()))

    assert out.splitlines() == ["history.jsonl is JSON Lines:", "  incidents: 1 unchanged", "  nothing changed"]


def test_it_says_what_was_skipped_with_the_line_and_the_reason(lines: Callable[..., Path]) -> None:
    out, err = run(lines(row(), row(url="https://x.example/br0kenbr0ken", title=None)))

    assert "skipped history.jsonl:2: title is missing." in err
    assert "skipped: 1, each with its reason above" in out


def test_a_file_of_another_kind_is_refused_and_the_others_still_come_in(
    lines: Callable[..., Path], tmp_path: Path
) -> None:
    other = tmp_path / "other.txt"
    other.write_text("something else")
    out, err = StringIO(), StringIO()

    with pytest.raises(CommandError, match=r"Not imported: .*other\.txt"):
        call_command("import_statuspage", str(other), str(lines(row())), stdout=out, stderr=err)
    assert "other.txt is none of the files we can import" in err.getvalue()
    assert Incident.objects.count() == 1


def test_a_dry_run_keeps_nothing_and_says_so(document: Callable[..., Path]) -> None:
    out, _ = run(document(summary(incidents=[incident()])), "--dry-run")

    assert "This is what would be done; nothing was kept:" in out
    assert not Incident.objects.exists()


def test_it_says_whether_the_page_was_taken_over(document: Callable[..., Path]) -> None:
    left, _ = run(document(summary()))
    taken, _ = run(document(summary()), "--with-page")

    assert "page: left as it is" in left
    assert "page: taken over" in taken


def test_a_terminal_is_shown_the_progress(lines: Callable[..., Path]) -> None:
    out = Terminal()
    path = lines(*[row(url=f"https://x.example/incident{number:04}") for number in range(150)])
    call_command("import_statuspage", str(path), stdout=out)

    assert "\rhistory.jsonl: 100 of 150" in out.getvalue()
    assert "\rhistory.jsonl: 150 of 150\n" in out.getvalue()
