"""Children end when they are asked, when they are not asked twice, and when we end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from statuspage.management.processes import Child, stop_children

SLEEP = (sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
)
# Starts a child of its own, says its number, and is killed before it can stop it.
PARENT = """
import sys, time
from statuspage.management.processes import Child
child = Child("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def started(command: tuple[str, ...], tmp_path: Path) -> Child:
    """A child that has come as far as saying so."""
    path = tmp_path / f"log-{time.monotonic_ns()}"
    with path.open("wb") as output:
        child = Child("sleeper", command, output=output)
    while "up" not in path.read_text():
        time.sleep(0.01)
    return child


def runs(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_a_child_that_listens_is_stopped_and_not_killed(tmp_path: Path) -> None:
    child = started(SLEEP, tmp_path)
    assert stop_children([child]) == []
    assert child.exit_code == -signal.SIGTERM
    assert child.ending == "was ended by SIGTERM"


def test_a_child_that_does_not_listen_is_killed_and_named(tmp_path: Path) -> None:
    child = started(STUBBORN, tmp_path)
    assert stop_children([child], grace_seconds=0.2) == ["sleeper"]
    assert child.exit_code == -signal.SIGKILL


def test_stopping_twice_is_harmless(tmp_path: Path) -> None:
    child = started(SLEEP, tmp_path)
    stop_children([child])
    assert stop_children([child]) == []


def test_a_child_is_not_in_our_process_group(tmp_path: Path) -> None:
    child = started(SLEEP, tmp_path)
    try:
        assert os.getpgid(child.pid) != os.getpgid(0)
    finally:
        stop_children([child])


def test_an_exit_code_is_said_in_words() -> None:
    child = Child("short", [sys.executable, "-c", "raise SystemExit(3)"])
    assert child.wait(10)
    assert child.ending == "ended with exit code 3"


def test_a_child_does_not_outlive_its_killed_parent() -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    with parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert runs(pid)
        parent.kill()
    deadline = time.monotonic() + 5
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not runs(pid)
