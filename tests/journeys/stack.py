"""The product as it runs in production: web, worker and beat beside PostgreSQL, Redis and a mail server."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg

from statuspage.management.processes import Child, stop_children
from tests.journeys.mailbox import Mailbox
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[2]
SECONDS_TO_START = 60
LINES_OF_LOG = 60


# How long a journey waits for what comes in a second or two: a busy machine is not what it is about, so
# nothing here holds a speed.
PATIENCE = 60.0


def eventually[T](check: Callable[[], T], *, within: float = PATIENCE, every: float = 0.1) -> T:
    """The first true answer of the check; fails with its last answer or error when the seconds are over."""
    deadline = time.monotonic() + within
    while True:
        last: object
        try:
            answer = check()
        except (AssertionError, httpx.HTTPError, IndexError, KeyError) as error:
            last = error
        else:
            if answer:
                return answer
            last = answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s; last: {last!r}")
        time.sleep(every)


class Stack:
    """Started by the fixture; `kill`, `stop` and `start` take the names web, worker and beat."""

    def __init__(self, *, folder: Path, database_url: str, redis_url: str, mails: Mailbox) -> None:
        self.folder = folder
        self.database_url = database_url
        self.mails = mails
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.env = {
            **os.environ,
            "DATA_DIR": str(folder / "data"),
            "SECRET_KEY": "only-for-this-journey-and-for-nothing-else-at-all",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "CELERY_BROKER_URL": redis_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}",
            "SELF_URL": self.url,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        }
        self.client = httpx.Client(base_url=self.url, timeout=10, trust_env=False)
        self._children: dict[str, Child] = {}

    def start(self, *names: str) -> None:
        """Start web, worker and beat (or those named) and wait until web answers and the worker listens."""
        wanted = names or ("web", "worker", "beat")
        for name in wanted:
            with self._log(name).open("ab") as log:
                self._children[name] = Child(name, self._command(name), env=self.env, cwd=ROOT, output=log)
        if "worker" in wanted:
            eventually(lambda: self._alive("worker") and " ready." in self.log("worker"), within=SECONDS_TO_START)
        if "web" in wanted:
            eventually(lambda: self._alive("web") and self.get("/").status_code < 500, within=SECONDS_TO_START)

    @contextmanager
    def another_web(self) -> Iterator[str]:
        """A second web process, as on another machine: it shares the database with the first and nothing else."""
        port = free_port()
        env = {**self.env, "DATA_DIR": str(self.folder / "data-of-another-web")}
        with self._log("another-web").open("ab") as log:
            child = Child("another web", self._web_command(port), env=env, cwd=ROOT, output=log)
        url = f"http://127.0.0.1:{port}"
        try:
            eventually(lambda: httpx.get(f"{url}/readyz", trust_env=False).json()["ready"], within=SECONDS_TO_START)
            yield url
        finally:
            stop_children([child])

    def stop(self, *names: str) -> None:
        """In an orderly way, and wait for it."""
        stop_children([self._children.pop(name) for name in names or tuple(self._children)])

    def kill(self, name: str) -> None:
        """`kill -9`, the process and its children."""
        child = self._children.pop(name)
        stop_children([child], grace_seconds=0)

    def child(self, name: str) -> Child:
        return self._children[name]

    def close(self) -> None:
        self.client.close()
        self.stop()

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.client.get(path, **options)

    def manage(self, *arguments: str | Path, timeout: float = 60) -> str:
        """What `manage.py` prints; fails with all its output if the command fails."""
        run = subprocess.run(
            [sys.executable, "manage.py", *map(str, arguments)],
            env=self.env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert run.returncode == 0, f"manage.py {arguments} failed:\n{run.stdout}\n{run.stderr}"
        return run.stdout

    def load_config(self, text: str) -> str:
        """Load a configuration that the test writes itself."""
        path = self.folder / "config.toml"
        path.write_text(text, encoding="utf-8")
        return self.manage("load_config", path)

    def query(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Rows straight from the database, for what no page shows."""
        with psycopg.connect(self.database_url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def log(self, name: str) -> str:
        path = self._log(name)
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def ends_of_logs(self) -> list[tuple[str, str]]:
        """For the report of a test that failed."""
        names = ("web", "worker", "beat")
        return [(f"log of {name}", "\n".join(self.log(name).splitlines()[-LINES_OF_LOG:])) for name in names]

    def _alive(self, name: str) -> bool:
        child = self._children[name]
        if child.exit_code is not None:
            raise RuntimeError(f"The {name} {child.ending}:\n{self.log(name)}")
        return True

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def _command(self, name: str) -> Sequence[str]:
        celery = (sys.executable, "-m", "celery", "--app", "statuspage")
        return {
            "web": self._web_command(self.port),
            "worker": [
                *(*celery, "worker", "--queues", "default,mail,hooks,apprise,probes.default"),
                *("--concurrency", "3", "--without-gossip", "--without-mingle", "--loglevel", "INFO"),
            ],
            "beat": [*celery, "beat", "--schedule", str(self.folder / "beat-schedule"), "--loglevel", "INFO"],
        }[name]

    def _web_command(self, port: int) -> Sequence[str]:
        return [
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
            *("--port", str(port), "--workers", "1", "--blocking-threads", "4", "--no-ws"),
            *("--workers-kill-timeout", "5s", "statuspage.wsgi:application"),
        ]
