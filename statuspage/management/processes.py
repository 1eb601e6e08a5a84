"""Child processes that never outlive their parent: the local starter and the journeys start servers with it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# Loaded once, here: between fork and exec only the call itself may happen.
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """The calling process gets SIGTERM when its parent ends, however that ends. Linux only; elsewhere nothing."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def adopt_orphans() -> None:
    """Grandchildren whose parent died become ours to reap (PR_SET_CHILD_SUBREAPER), not some init's. Linux only."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


class Child:
    """One child in a process group of its own, so that a Ctrl-C in the terminal reaches only us, and we stop it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        output: IO[bytes] | None = None,
        user: str | None = None,
    ) -> None:
        self.name = name
        self._process = subprocess.Popen(  # noqa: S603 -- our own command lines
            list(command),
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=None if output is None else subprocess.STDOUT,
            process_group=0,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
            preexec_fn=die_with_parent,  # noqa: PLW1509 -- one system call, which needs no lock
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        code = self._process.returncode
        if code is not None and code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def send(self, number: signal.Signals) -> None:
        """To the child itself, which tells its own children; nothing if it has ended."""
        if self.exit_code is None:
            self._process.send_signal(number)

    def send_to_group(self, number: signal.Signals) -> None:
        """To the child and everything it started."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return

    def wait(self, seconds: float) -> bool:
        """Whether it has ended within the time."""
        try:
            self._process.wait(timeout=max(seconds, 0))
        except subprocess.TimeoutExpired:
            return False
        return True


def stop_children(children: Sequence[Child], *, grace_seconds: float = 10) -> list[str]:
    """Ask all at once, wait for them together, then kill what is left of their groups.

    Returns the names of those that had to be killed.
    """
    for child in children:
        child.send(signal.SIGTERM)
    deadline = time.monotonic() + grace_seconds
    killed = [child.name for child in children if not child.wait(deadline - time.monotonic())]
    for child in children:
        child.send_to_group(signal.SIGKILL)
        child.wait(5)
    reap_orphans()
    return killed


def reap_orphans() -> None:
    """Collect every dead child there is, adopted ones too, so that no zombie stays behind."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return
