"""`manage.py customers`."""

import io
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from subscriptions.models import Customer

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    output = io.StringIO()
    call_command("customers", *arguments, stdout=output)
    return output.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "customers.csv"
    path.write_text("email,name\nbob@example.net,Bob\nada@example.net,Ada\n")
    return path


def test_a_list_goes_in_is_counted_and_comes_out(file: Path) -> None:
    assert run("import", str(file)) == "2 added, 0 changed, 0 removed, 0 as they were.\n"
    assert run("count") == "2 customers.\n"
    assert run("export") == "email,name\nada@example.net,Ada\nbob@example.net,Bob\n"


def test_a_dry_run_says_what_would_be(file: Path) -> None:
    assert run("import", str(file), "--dry-run") == "Would be: 2 added, 0 changed, 0 removed, 0 as they were.\n"
    assert run("count") == "0 customers.\n"


def test_replacing_takes_the_others_off(file: Path) -> None:
    Customer.objects.create(email="eve@example.net")
    assert "1 removed" in run("import", str(file), "--replace")
    assert run("count") == "2 customers.\n"


def test_a_wrong_file_replaces_nobody(file: Path) -> None:
    Customer.objects.create(email="eve@example.net")
    file.write_text("email\nnobody\n")
    with pytest.raises(CommandError, match="line 2"):
        run("import", str(file), "--replace")
    file.write_text("email\n")
    with pytest.raises(CommandError, match="names nobody"):
        run("import", str(file), "--replace")
    assert run("count") == "1 customer.\n"


@pytest.mark.parametrize(("content", "sentence"), [(None, "cannot be read"), (b"email\n\xff\n", "is not UTF-8")])
def test_a_file_that_cannot_be_read_is_a_sentence(content: bytes | None, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        run("import", str(path))
