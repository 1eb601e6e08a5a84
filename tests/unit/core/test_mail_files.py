import email
import email.policy
from pathlib import Path

import pytest
from django.core.mail import EmailMessage, mailers
from pytest_django import Settings


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    folder = tmp_path / "mail"
    backend = {"BACKEND": "statuspage.core.mail_files.EmailBackend", "OPTIONS": {"file_path": str(folder)}}
    settings.MAILERS = {"default": backend}
    return folder


def test_each_mail_is_a_file_of_its_own(folder: Path) -> None:
    mails = [EmailMessage("Hello", "Words.", "s@example.com", [f"r{n}@example.org"]) for n in range(3)]
    assert mailers.default.send_messages(mails) == 3
    files = sorted(folder.iterdir())
    assert [file.name.split("-", 1)[1] for file in files] == [f"r{n}@example.org.eml" for n in range(3)]
    message = email.message_from_bytes(files[0].read_bytes(), policy=email.policy.default)
    assert (message["Subject"], message["To"]) == ("Hello", "r0@example.org")


def test_the_name_of_a_file_stays_in_its_folder(folder: Path) -> None:
    mailers.default.send_messages([EmailMessage("Hello", "Words.", "s@example.com", ["../../../etc/x y@example.org"])])
    (file,) = folder.iterdir()
    assert file.parent == folder
    assert "/" not in file.name
