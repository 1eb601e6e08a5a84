"""What `manage.py runlocal` prepares and knows: addresses, static files, the file broker, the administrator."""

import fcntl
import hashlib
import http.client
import os
import secrets
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.staticfiles import finders
from django.core.management import call_command

from components.models import Page

ADMINISTRATOR = "admin"
QUEUES = "default,mail,hooks,apprise,probes.default"
# Probes and mail share one worker here; with this many threads a slow mail server holds none of the probes up.
WORKER_THREADS = 16
# Granian finds more than this worth a warning.
WEB_THREADS = min(8, 2 * (os.cpu_count() or 1) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where the page listens."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """For this machine's own use: an address that listens everywhere is reached over loopback."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 -- compared, not bound to
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"

    def why_not_free(self) -> str:
        """A sentence if nothing can listen here, else nothing."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
                probe.listen()
            except PermissionError:
                return f"Port {self.port} may only be used by root: choose one above 1023, e.g. make run PORT=8000."
            except OSError as error:
                if error.errno == 98:
                    return (
                        f"Port {self.port} is taken by another program: end that program, "
                        f"or choose another port, e.g. make run PORT={self.port + 1}."
                    )
                return f"{self.host}:{self.port} cannot be listened on: {error.strerror}."
        return ""

    def answers(self) -> bool:
        """Whether the front page is served; an error of the server's own does not count."""
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=5)
        try:
            connection.request("GET", "/", headers={"Accept": "text/html"})
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def hold_data_dir(data_dir: Path) -> IO[str] | None:
    """The lock on a data directory, or None if another local run has it. It ends when the process does."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = (data_dir / "runlocal.lock").open("a+", encoding="ascii")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def child_environment(address: Address) -> dict[str, str]:
    """What every child is told beyond our own environment."""
    env = {**os.environ, "SELF_URL": address.url, "PYTHONUNBUFFERED": "1"}
    env["ALLOWED_HOSTS"] = ",".join(sorted({*settings.ALLOWED_HOSTS, *names_of_this_page(address)}))
    if os.geteuid() == 0:
        # On a machine of one's own, root is a choice; the sentence would come at every start.
        env["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser privileges"
    return env


def names_of_this_page(address: Address) -> set[str]:
    """Host names under which a visitor, and the page's own probes, may ask for it. One query."""
    named = {socket.gethostname(), "127.0.0.1", "localhost", "[::1]"}
    named |= {urlsplit(url).hostname or "" for url in (address.url, Page.current().url)}
    return {f"[{name}]" if ":" in name and name[0] != "[" else name for name in named if name}


def web_command(address: Address) -> list[str]:
    """Granian: one worker process, several blocking threads. It is run as a module of this very Python."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi"),
        *("--host", address.host, "--port", str(address.port)),
        *("--workers", "1", "--blocking-threads", str(WEB_THREADS), "--no-ws", "--log-level", "warning"),
        *("--workers-kill-timeout", "5s"),
        "statuspage.wsgi:application",
    ]


def worker_command(data_dir: Path) -> list[str]:
    """Celery's worker with beat embedded."""
    return [
        *(sys.executable, "-m", "celery", "--quiet", "--app", "statuspage", "worker"),
        *("--beat", "--schedule", str(data_dir / "beat-schedule")),
        *("--queues", QUEUES, "--pool", "threads", "--concurrency", str(WORKER_THREADS)),
        *("--without-mingle", "--without-gossip", "--without-heartbeat"),
        *("--hostname", "local@%h", "--loglevel", settings.LOG_LEVEL),
    ]


def clear_file_broker(broker_dir: Path) -> int:
    """Remove what an earlier run left in the file broker; returns how many messages that was.

    A message is only a wake-up: the work itself is rows, and the sweeps find it.
    """
    messages = broker_dir / "messages"
    left = [path for path in messages.iterdir() if path.is_file()]
    for path in left:
        path.unlink(missing_ok=True)
    return len(left)


def collect_static_files() -> bool:
    """Collect the static files if any of them changed since the last time; returns whether it did.

    Of two at once the second waits, and then finds that it is done: collecting clears the folder first.
    """
    root = settings.STATIC_ROOT
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_name(f".{root.name}.lock").open("a", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        mark, fingerprint = root / ".collected", _static_fingerprint()
        if mark.is_file() and mark.read_text(encoding="ascii") == fingerprint:
            return False
        # Cleared first: it would keep a copy that is newer than its source, and packages bring sources years old.
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        mark.write_text(fingerprint, encoding="ascii")
    return True


def _static_fingerprint() -> str:
    """Of names, sizes and times: reading every file would take longer than it saves."""
    digest = hashlib.sha256(repr(settings.STORAGES["staticfiles"]).encode())
    for finder in finders.get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def make_administrator() -> str | None:
    """Create the administrator if there is no superuser yet; returns the password, which is kept nowhere."""
    if User.objects.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    user, _ = User.objects.get_or_create(username=ADMINISTRATOR)
    user.is_staff = user.is_superuser = user.is_active = True
    user.set_password(password)
    user.save(update_fields=["is_staff", "is_superuser", "is_active", "password"])
    return password
