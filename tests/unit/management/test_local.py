"""What runlocal prepares."""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from components.models import Page
from statuspage.management import local


@pytest.fixture
def address() -> local.Address:
    return local.Address(host="127.0.0.1", port=8123)


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8123"),
        ("0.0.0.0", "http://127.0.0.1:8123"),  # noqa: S104 -- only compared
        ("::1", "http://[::1]:8123"),
        ("::", "http://[::1]:8123"),
    ],
)
def test_the_address_for_our_own_use_is_one_that_can_be_connected_to(host: str, url: str) -> None:
    assert local.Address(host=host, port=8123).url == url


def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sentence = local.Address(host="127.0.0.1", port=port).why_not_free()
    assert sentence.startswith(f"Port {port} is taken by another program")
    assert f"make run PORT={port + 1}" in sentence


def test_a_free_port_has_nothing_against_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert local.Address(host="127.0.0.1", port=port).why_not_free() == ""


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    assert "cannot be listened on" in local.Address(host="192.0.2.1", port=8123).why_not_free()


def test_a_data_directory_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    first = local.hold_data_dir(tmp_path)
    assert first is not None
    assert local.hold_data_dir(tmp_path) is None
    first.close()
    again = local.hold_data_dir(tmp_path)
    assert again is not None
    again.close()


def test_messages_of_an_earlier_run_are_removed_and_bindings_stay(tmp_path: Path) -> None:
    for name in ("messages", "control"):
        (tmp_path / name).mkdir()
    (tmp_path / "messages" / "1_a.default.msg").touch()
    (tmp_path / "messages" / ".taken-2_b.mail.msg").touch()
    binding = tmp_path / "control" / "default.exchange"
    binding.write_text("[]")
    assert local.clear_file_broker(tmp_path) == 2
    assert list((tmp_path / "messages").iterdir()) == []
    assert binding.exists()


@pytest.mark.django_db
def test_the_first_start_makes_an_administrator_whose_password_works() -> None:
    password = local.make_administrator()
    admin = User.objects.get(username="admin")
    assert password is not None
    assert admin.check_password(password)
    assert (admin.is_staff, admin.is_superuser) == (True, True)


@pytest.mark.django_db
def test_a_later_start_leaves_the_administrator_alone() -> None:
    local.make_administrator()
    before = User.objects.get().password
    assert local.make_administrator() is None
    assert User.objects.get().password == before


@pytest.mark.django_db
def test_children_know_where_they_are_and_answer_to_every_name_of_the_page(
    address: local.Address, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["status.internal"]
    Page.current()
    Page.objects.update(url="https://status.example.com")
    env = local.child_environment(address)
    assert env["SELF_URL"] == "http://127.0.0.1:8123"
    assert {"status.internal", "status.example.com", "127.0.0.1", "localhost"} <= set(env["ALLOWED_HOSTS"].split(","))


def test_static_files_are_collected_once_and_again_when_one_changes(tmp_path: Path, settings: Settings) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "page.css").write_text("body {}")
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    assert local.collect_static_files()
    assert not local.collect_static_files()
    (source / "page.css").write_text("body { color: black }")
    assert local.collect_static_files()
    assert (settings.STATIC_ROOT / "page.css").read_text() == "body { color: black }"


def test_of_two_that_collect_at_once_one_waits_and_finds_it_done(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STATIC_ROOT.mkdir()
    settings.STATICFILES_DIRS = []
    inside, most = 0, 0

    def collect(*_arguments: object, **_options: object) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        time.sleep(0.1)
        inside -= 1

    monkeypatch.setattr(local, "call_command", collect)
    with ThreadPoolExecutor(2) as pool:
        collected = sorted(pool.map(lambda _: local.collect_static_files(), range(2)))
    assert (collected, most) == ([False, True], 1)
