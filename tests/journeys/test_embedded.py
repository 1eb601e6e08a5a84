"""The whole page on one machine: `make run` starts it, one signal ends it, and nothing is left."""

import os
import signal
import socket
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from statuspage.management.processes import Child, stop_children
from tests.journeys.stack import ROOT, eventually
from tests.services import free_port, process_tree

SECONDS_TO_START = 120
# Ending takes a second or two; a busy machine is not what these tests are about.
SECONDS_TO_END = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One `runlocal` in a data directory of its own."""

    child: Child
    url: str
    log: Path

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def is_ready(self) -> bool:
        assert self.child.exit_code is None, self.said()
        return "Ctrl-C stops everything." in self.said()

    def process_named(self, word: str) -> int:
        """The process it started directly whose command has the word; not the children of that."""
        found = [pid for pid in process_tree(self.child.pid) if word in command_of(pid)]
        return min(found)


class Starter:
    """Starts runs below one folder and ends those that are left."""

    def __init__(self, folder: Path) -> None:
        self.data_dir = folder / "data"
        self.log = folder / "log"
        self.runs: list[Run] = []
        self.seen: set[int] = set()

    def __call__(self, command: Sequence[str], port: int | None = None) -> Run:
        port = port or free_port()
        log = self.log.with_suffix(f".{len(self.runs)}")
        filled = [part.format(port=port, data_dir=self.data_dir) for part in command]
        env = {name: value for name, value in os.environ.items() if name != "MAKELEVEL"}
        env |= {"DATA_DIR": str(self.data_dir), "PYTHONUNBUFFERED": "1"}
        with log.open("wb") as output:
            child = Child("run", filled, env=env, cwd=ROOT, output=output)
        run = Run(child=child, url=f"http://127.0.0.1:{port}", log=log)
        self.runs.append(run)
        return run

    def ready(self, command: Sequence[str], port: int | None = None) -> Run:
        run = self(command, port)
        eventually(run.is_ready, within=SECONDS_TO_START)
        self.seen |= set(process_tree(run.child.pid))
        return run


RUNLOCAL = (".venv/bin/python", "manage.py", "runlocal", "--port", "{port}")
MAKE = ("make", "--silent", "run", "PORT={port}", "DATA_DIR={data_dir}")


@pytest.fixture
def start(tmp_path: Path, static_files: None) -> Iterator[Starter]:
    starter = Starter(tmp_path)
    yield starter
    stop_children([run.child for run in starter.runs])


def command_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").replace("\0", " ")
    except OSError:
        return ""


def still_running(pids: set[int]) -> list[str]:
    """Zombies do not run: they wait for whoever started us."""
    return [command for pid in sorted(pids) if (command := command_of(pid))]


def probed_well(data_dir: Path) -> set[str]:
    """The kinds of probes that have found something up, of the page about itself."""
    with closing(sqlite3.connect(data_dir / "statuspage.sqlite3")) as database:
        rows = database.execute(
            "SELECT kind FROM probes_probe JOIN probes_proberesult ON probe_id = id WHERE outcome = 'up'"
        )
        return {kind for (kind,) in rows}


def test_the_page_answers_when_it_says_that_it_is_ready(start: Starter) -> None:
    run = start.ready(RUNLOCAL)
    assert httpx.get(run.url + "/", trust_env=False).status_code == 200
    assert run.url in run.said()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_one_signal_ends_everything_and_nothing_is_left(start: Starter, number: signal.Signals) -> None:
    run = start.ready(RUNLOCAL)
    run.child.send(number)
    assert run.child.wait(SECONDS_TO_END)
    assert (run.child.exit_code, still_running(start.seen)) == (0, [])
    assert "Traceback" not in run.said()


def test_make_hands_its_signal_on(start: Starter) -> None:
    run = start.ready(MAKE)
    run.child.send(signal.SIGTERM)
    assert run.child.wait(SECONDS_TO_END)
    assert still_running(start.seen) == []


def test_a_signal_that_comes_twice_ends_everything_as_cleanly(start: Starter) -> None:
    run = start.ready(MAKE)
    # The starter gets it as a member of make's group, and once more from make.
    run.child.send_to_group(signal.SIGTERM)
    assert run.child.wait(SECONDS_TO_END)
    assert eventually(lambda: "nothing is left running" in run.said(), within=SECONDS_TO_END)
    assert still_running(start.seen) == []


def test_nothing_is_left_when_make_itself_is_killed(start: Starter) -> None:
    run = start.ready(MAKE)
    run.child.send(signal.SIGKILL)
    assert eventually(lambda: not still_running(start.seen), within=SECONDS_TO_END)


def test_nothing_is_left_when_the_starter_is_killed(start: Starter) -> None:
    run = start.ready(RUNLOCAL)
    run.child.send(signal.SIGKILL)
    assert eventually(lambda: not still_running(start.seen), within=SECONDS_TO_END)


@pytest.mark.parametrize(("word", "name"), [("granian", "web"), ("celery", "worker")])
def test_a_part_that_dies_takes_the_rest_along_and_is_named(start: Starter, word: str, name: str) -> None:
    run = start.ready(RUNLOCAL)
    os.kill(run.process_named(word), signal.SIGKILL)
    assert run.child.wait(SECONDS_TO_END)
    assert run.child.exit_code == 1
    assert f"The {name} was ended by SIGKILL by itself" in run.said()
    assert eventually(lambda: not still_running(start.seen), within=SECONDS_TO_END)


def test_a_second_start_keeps_the_administrator_and_says_how_to_get_a_new_password(start: Starter) -> None:
    first = start.ready(RUNLOCAL)
    stop_children([first.child])
    second = start.ready(RUNLOCAL)
    assert "shown this once" in first.said()
    assert "shown this once" not in second.said()
    assert "changepassword admin" in second.said()


def test_what_a_killed_run_left_behind_does_not_hinder_the_next(start: Starter) -> None:
    first = start.ready(RUNLOCAL)
    for pid in process_tree(first.child.pid):
        os.kill(pid, signal.SIGKILL)
    first.child.wait(5)
    for schedule in start.data_dir.glob("beat-schedule*"):
        schedule.write_bytes(b"no schedule at all")
    stale = start.data_dir / "broker" / "messages" / "1_old.default.msg"
    stale.write_text("no message at all")
    second = start.ready(RUNLOCAL)
    assert httpx.get(second.url + "/", trust_env=False).status_code == 200
    assert not stale.exists()


def test_beat_does_not_outlive_a_worker_that_was_killed_with_its_starter(start: Starter) -> None:
    run = start.ready(RUNLOCAL)
    worker = run.process_named("celery")
    # Once beat has sent something it is there and knows whose child it is.
    eventually(lambda: probed_well(start.data_dir), within=SECONDS_TO_END)
    beat = [pid for pid in process_tree(run.child.pid) if pid > worker and "celery" in command_of(pid)]
    assert len(beat) == 1
    os.kill(run.child.pid, signal.SIGKILL)
    os.kill(worker, signal.SIGKILL)
    assert eventually(lambda: not still_running({*beat}), within=SECONDS_TO_END)


def test_beat_wakes_the_worker_through_the_file_broker(start: Starter) -> None:
    run = start.ready(RUNLOCAL)
    kinds = {"http", "postgres", "disk", "heartbeat"}
    assert eventually(lambda: probed_well(start.data_dir) >= kinds, within=SECONDS_TO_END)
    assert "Traceback" not in run.said()


def test_a_taken_port_is_said_before_anything_is_touched(start: Starter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = start(RUNLOCAL, port)
        assert run.child.wait(SECONDS_TO_END)
    assert run.child.exit_code == 1
    assert f"Port {port} is taken" in run.said()
    assert not (start.data_dir / "statuspage.sqlite3").exists()


def test_a_data_directory_in_use_is_said(start: Starter) -> None:
    start.ready(RUNLOCAL)
    second = start(RUNLOCAL)
    assert second.child.wait(SECONDS_TO_END)
    assert second.child.exit_code == 1
    assert "is in use by another status page" in second.said()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--port", "many"), "The port is 'many'; expected a number from 1 to 65535"),
        (("--port", "0"), "The port is '0'; expected a number from 1 to 65535"),
        (("--port", "{port}", "--config", "nowhere.toml"), "nowhere.toml does not exist"),
    ],
)
def test_a_wrong_variable_is_answered_with_a_sentence(
    start: Starter, arguments: tuple[str, ...], sentence: str
) -> None:
    run = start((".venv/bin/python", "manage.py", "runlocal", *arguments))
    assert run.child.wait(SECONDS_TO_END)
    assert run.child.exit_code == 1
    assert sentence in run.said()
    assert "Traceback" not in run.said()
