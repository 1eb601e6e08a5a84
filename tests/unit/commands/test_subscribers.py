"""`manage.py subscribers`: the list without the console."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from statuspage.core import clock
from statuspage.management.commands import subscribers
from subscriptions.enums import SubscriberState
from subscriptions.importing import running
from subscriptions.models import Subscriber, SubscriberImport

pytestmark = pytest.mark.django_db
REASON = "--reason=Confirmed on our old page."


def run(*arguments: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("subscribers", *map(str, arguments), stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "old.csv"
    lines = ["email,plan", *(f"r{number}@example.org,gold" for number in range(5)), "nonsense,gold"]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def test_a_dry_run_says_what_would_change_and_changes_nothing(file: Path) -> None:
    out, err = run("import", file, REASON, "--dry-run")
    assert out.startswith("Would be: 5 added, 0 confirmed who had asked, 0 as they were, 1 left out.")
    assert "line 7: " in out
    assert "passed over: plan" in err
    assert not Subscriber.objects.exists()
    assert not SubscriberImport.objects.exists()


def test_an_import_shows_how_far_it_is(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 2)
    monkeypatch.setattr(subscribers, "SLICE_SECONDS", 0)
    out, err = run("import", file, REASON)
    assert out.startswith("5 added,")
    assert [line for line in err.splitlines() if " of " in line][:3] == [
        "2 of 6 (33 %)",
        "4 of 6 (66 %)",
        "6 of 6 (100 %)",
    ]
    assert Subscriber.objects.confirmed().count() == 5
    assert run("import", file, REASON)[0].startswith("0 added, 0 confirmed who had asked, 5 as they were")


def test_what_is_exported_can_be_imported(file: Path, tmp_path: Path) -> None:
    run("import", file, REASON)
    out, _ = run("export", "--state", "confirmed")
    assert out.count("\r\n") == 6
    again = tmp_path / "again.csv"
    again.write_bytes(out.encode())
    assert run("import", again, REASON, "--dry-run")[0].startswith(
        "Would be: 0 added, 0 confirmed who had asked, 5 as"
    )


def test_they_are_counted_by_channel_and_state(file: Path) -> None:
    assert run("count")[0] == "Nobody has subscribed yet.\n"
    run("import", file, REASON)
    assert run("count")[0].split() == ["email", "confirmed", "5"]


def test_one_is_written_to_no_more() -> None:
    Subscriber.objects.create(address="ada@example.org", state="confirmed", confirmed_at=clock.now())
    out, _ = run("suppress", "Ada@Example.org", "--reason=They called.")
    assert out == "ada@example.org is written to no more.\n"
    row = Subscriber.objects.get()
    assert row.state == SubscriberState.SUPPRESSED
    assert row.suppressed_reason.endswith("(command line): They called.")
    with pytest.raises(CommandError, match="gets nothing already"):
        run("suppress", "ada@example.org", "--reason=x")
    with pytest.raises(CommandError, match="Nobody with this address"):
        run("suppress", "bob@example.org", "--reason=x")


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        run("import", tmp_path / "none.csv", REASON)
