"""The file broker under several processes at once."""

import subprocess
import sys
from pathlib import Path

import pytest
from kombu import Connection
from kombu.simple import SimpleQueue

import statuspage.celery  # noqa: F401 -- puts our transport in place
from statuspage.core import file_broker


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    # A process remembers which bindings it has written, and here every test has a folder of its own.
    file_broker.Transport.global_state.clear()
    folder = str(tmp_path)
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder, "polling_interval": 0.01}
    return Connection("filesystem://localhost", transport_options=options)


def taken(queue: SimpleQueue, count: int) -> list[object]:
    messages = []
    for _ in range(count):
        message = queue.get(timeout=5)
        message.ack()
        messages.append(message.payload)
    return messages


def test_it_takes_the_place_of_kombus_own(connection: Connection) -> None:
    assert isinstance(connection.transport, file_broker.Transport)


def test_messages_come_out_oldest_first(connection: Connection) -> None:
    with connection, connection.SimpleQueue("default") as queue:
        for number in range(20):
            queue.put({"number": number})
        assert taken(queue, 20) == [{"number": number} for number in range(20)]


def test_a_queue_gets_its_own_messages_only(connection: Connection) -> None:
    with connection, connection.SimpleQueue("default") as one, connection.SimpleQueue("probes.default") as other:
        other.put({"for": "the other"})
        one.put({"for": "the one"})
        assert taken(one, 1) == [{"for": "the one"}]
        assert taken(other, 1) == [{"for": "the other"}]


def test_a_file_that_is_no_message_is_thrown_away_and_holds_nothing_up(connection: Connection, tmp_path: Path) -> None:
    (tmp_path / "0000_empty.default.msg").touch()
    (tmp_path / "0001_list.default.msg").write_text("[]")
    with connection, connection.SimpleQueue("default") as queue:
        queue.put({"a": "message"})
        assert taken(queue, 1) == [{"a": "message"}]
    assert list(tmp_path.glob("*.msg")) == []


def test_what_is_taken_leaves_no_file_behind(connection: Connection, tmp_path: Path) -> None:
    with connection, connection.SimpleQueue("default") as queue:
        queue.put({"a": "message"})
        taken(queue, 1)
    left = {path.name for path in tmp_path.iterdir()} - {".lock", "default.exchange"}
    assert left == set()


def test_no_message_is_read_half_written_while_another_process_writes(connection: Connection, tmp_path: Path) -> None:
    count = 1000
    code = f"""
from kombu import Connection
import statuspage.celery
options = dict.fromkeys(("data_folder_in", "data_folder_out", "control_folder"), {str(tmp_path)!r})
with Connection("filesystem://localhost", transport_options=options) as connection:
    queue = connection.SimpleQueue("default")
    for number in range({count}):
        queue.put([number])
"""
    writer = subprocess.Popen([sys.executable, "-c", code])
    try:
        with connection, connection.SimpleQueue("default") as queue:
            first = queue.get(timeout=30)
            first.ack()
            numbers = [first.payload, *taken(queue, count - 1)]
    finally:
        assert writer.wait(30) == 0
    assert numbers == [[number] for number in range(count)]
