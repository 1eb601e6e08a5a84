"""Throw-away PostgreSQL and Redis for tests, on free ports of 127.0.0.1, always stopped and removed.

python -m tests.services [--redis] -- COMMAND…    runs the command with DATABASE_URL (REDIS_URL, CELERY_BROKER_URL) set

A DATABASE_URL or REDIS_URL that is already set is used as it is.
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg
import redis

from statuspage.management.processes import Child, stop_children

SECONDS_TO_START = 30


class Service:
    """A server with an address that stays the same while it is stopped and started again."""

    def __init__(
        self, name: str, url: str, folder: Path, start: Callable[[], Child], answers: Callable[[], bool]
    ) -> None:
        self.name = name
        self.url = url
        self.folder = folder
        self._start = start
        self._answers = answers
        self._child: Child | None = None

    @property
    def child(self) -> Child:
        assert self._child is not None, f"{self.name} is not running"
        return self._child

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._child = child = self._start()
        deadline = time.monotonic() + SECONDS_TO_START
        while not self._answers():
            if child.exit_code is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{self.name} did not start:\n{(self.folder / 'log').read_text(errors='replace')}")
            time.sleep(0.05)

    def stop(self) -> None:
        """In an orderly way, also out of a freeze: clients are sent away, data is kept."""
        self.thaw()
        # PostgreSQL's "fast" shutdown: SIGTERM alone would wait for every client to leave.
        self.child.send(signal.SIGINT)
        self.child.wait(10)
        stop_children([self.child])
        self._child = None

    def kill(self) -> None:
        """As when the machine dies."""
        self.child.send_to_group(signal.SIGKILL)
        self.child.wait(10)
        self._child = None

    def freeze(self) -> None:
        """It accepts connections and never answers (SIGSTOP to the server and all its processes)."""
        _signal_all(process_tree(self.child.pid), signal.SIGSTOP)

    def thaw(self) -> None:
        _signal_all(process_tree(self.child.pid), signal.SIGCONT)

    def close(self) -> None:
        if self._child is not None:
            self.stop()


def _signal_all(pids: Iterable[int], number: signal.Signals) -> None:
    """Those that are still there: a server's own processes come and go."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


@contextmanager
def postgres() -> Iterator[Service]:
    """A PostgreSQL of its own, that forgets everything: no fsync."""
    binaries = postgres_binaries()
    with _folder("pg") as folder:
        data = folder / "data"
        port = free_port()
        # PostgreSQL refuses to run as root.
        user = "postgres" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user, user)
        subprocess.run(  # as the same user, without a password: the port is on loopback and lives for minutes
            [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N"],
            check=True,
            capture_output=True,
            user=user,
            group=user,
            extra_groups=[] if user else None,
            cwd=folder,
        )
        command = [
            *(str(binaries / "postgres"), "-D", str(data), "-k", str(folder), "-h", "127.0.0.1", "-p", str(port)),
            *("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"),
            *("-c", "max_connections=100", "-c", "timezone=UTC"),
        ]
        url = f"postgres://postgres@127.0.0.1:{port}/postgres"
        service = Service(
            "PostgreSQL",
            url,
            folder,
            start=lambda: _started(command, folder, user),
            answers=lambda: _postgres_answers(url),
        )
        yield from _running(service)


@contextmanager
def redis_server() -> Iterator[Service]:
    """A Redis of its own, in memory alone."""
    binary = shutil.which("redis-server")
    if binary is None:
        raise RuntimeError("redis-server is not installed: apt-get install redis-server.")
    with _folder("redis") as folder:
        port = free_port()
        command = [
            *(binary, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--daemonize", "no"),
        ]
        url = f"redis://127.0.0.1:{port}/0"
        service = Service(
            "Redis", url, folder, start=lambda: _started(command, folder, None), answers=lambda: _redis_answers(url)
        )
        yield from _running(service)


@contextmanager
def nginx(configuration: str) -> Iterator[Service]:
    """An nginx with this inside `http { … }`; `{folder}` and `{port}` in it are replaced. It listens where it says."""
    binary = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if binary is None:
        raise RuntimeError("nginx is not installed: apt-get install nginx-light.")
    with _folder("nginx") as folder:
        port = free_port()
        filled = configuration.replace("{port}", str(port)).replace("{folder}", str(folder))
        (folder / "nginx.conf").write_text(
            f"daemon off; worker_processes 1; pid {folder}/pid; error_log stderr notice;\n"
            # Running as root its workers would be another user, who cannot read what a test wrote.
            + ("user root;\n" if os.geteuid() == 0 else "")
            + "events { worker_connections 64; }\n"
            + f"http {{ access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;\n"
            + f"fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;\n{filled}\n}}\n"
        )
        command = [binary, "-c", str(folder / "nginx.conf"), "-p", str(folder), "-e", "stderr"]
        service = Service(
            "nginx",
            f"http://127.0.0.1:{port}",
            folder,
            start=lambda: _started(command, folder, None),
            answers=lambda: _listens(port),
        )
        yield from _running(service)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def postgres_binaries() -> Path:
    """The folder with initdb and postgres: the newest of Debian's, else what the PATH has."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    for folder in reversed(folders):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    found = shutil.which("initdb")
    if found is None:
        raise RuntimeError("PostgreSQL is not installed: apt-get install postgresql.")
    return Path(found).resolve().parent


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _folder(name: str) -> Iterator[Path]:
    # Short, and below /tmp: the path of a socket has at most 107 bytes, and another user has to reach it.
    folder = Path(tempfile.mkdtemp(prefix=f"statuspage-{name}-", dir="/tmp"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _running(service: Service) -> Iterator[Service]:
    try:
        service.start()
        yield service
    finally:
        service.close()


def _started(command: Sequence[str], folder: Path, user: str | None) -> Child:
    with (folder / "log").open("ab") as log:
        return Child(Path(command[0]).name, command, cwd=folder, output=log, user=user)


def _postgres_answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True


def _redis_answers(url: str) -> bool:
    client = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def process_tree(group: int) -> list[int]:
    """Every process of the group and below it: some put themselves into groups of their own."""
    parents: dict[int, tuple[int, int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = (int(fields[1]), int(fields[2]))
    members = {pid for pid, (_, of_group) in parents.items() if of_group == group} | {group}
    while more := {pid for pid, (parent, _) in parents.items() if parent in members} - members:
        members |= more
    return sorted(members)


def main(arguments: list[str]) -> int:
    with_redis = "--redis" in arguments[: arguments.index("--")]
    command = arguments[arguments.index("--") + 1 :]
    # So that the servers are stopped when we are asked to stop.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    env = {**os.environ}
    env.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    with ExitStack() as stack:
        if not env.get("DATABASE_URL"):
            env["DATABASE_URL"] = stack.enter_context(postgres()).url
        if with_redis and not env.get("REDIS_URL"):
            env["REDIS_URL"] = stack.enter_context(redis_server()).url
            env.setdefault("CELERY_BROKER_URL", env["REDIS_URL"])
        return subprocess.run(command, env=env, check=False).returncode


if __name__ == "__main__":
    if "--" not in sys.argv or sys.argv[-1] == "--":
        sys.exit(str(__doc__))
    sys.exit(main(sys.argv[1:]))
