"""`manage.py runlocal`: the whole status page on one machine, in the foreground, until Ctrl-C."""

import os
import signal
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import IO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from components.models import Page
from statuspage.management import local
from statuspage.management.processes import Child, adopt_orphans, die_with_parent, reap_orphans, stop_children

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SECONDS_TO_ANSWER = 60


class StopRequest:
    """Set by a signal handler, which runs between any two instructions of the thread that waits here.

    No `threading.Event`: a handler that comes while `wait` holds the event's lock would wait for it for ever.
    """

    def __init__(self) -> None:
        self.is_set = False

    def set(self, *_signal: object) -> None:
        self.is_set = True

    def wait(self, seconds: float) -> bool:
        """Whether it was set by the end of the time; a signal may take that long to be seen."""
        if not self.is_set:
            time.sleep(seconds)
        return self.is_set


class Command(BaseCommand):
    help = "Set up everything, then run web, worker and beat together until Ctrl-C or SIGTERM."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--port", default="8000", help="port to listen on (default: 8000)")
        parser.add_argument("--config", default="examples/self.toml", help="configuration to load; '' loads none")

    def handle(self, *_args: object, **options: str) -> None:
        started = time.monotonic()
        address = local.Address(host=options["host"], port=_port(options["port"]))
        if os.environ.get("MAKELEVEL"):
            # Started by make: if make is killed, nobody else is left to stop us.
            die_with_parent()
        with _stopping_by_exception():
            lock = self._claim(address, options["config"])
            self._prepare(address, options["config"])
            env = local.child_environment(address)
        stop = StopRequest()
        for number in STOP_SIGNALS:
            signal.signal(number, stop.set)
        adopt_orphans()
        children: list[Child] = []
        try:
            children.append(Child("web", local.web_command(address), env=env, cwd=settings.BASE_DIR))
            children.append(Child("worker", local.worker_command(settings.DATA_DIR), env=env, cwd=settings.BASE_DIR))
            self._wait_until_it_answers(address, children, stop)
            if not stop.is_set:
                self._announce(address, time.monotonic() - started)
            _watch(children, stop)
        finally:
            self._stop(children)
            lock.close()

    def _claim(self, address: local.Address, config: str) -> IO[str]:
        """Nothing is touched before the port and the data directory are known to be ours and the file is there."""
        if config and not Path(config).is_file():
            raise CommandError(f"{config} does not exist: name a file, e.g. make run CONFIG=examples/self.toml.")
        if taken := address.why_not_free():
            raise CommandError(taken)
        lock = local.hold_data_dir(settings.DATA_DIR)
        if lock is None:
            raise CommandError(
                f"{_shown(settings.DATA_DIR)} is in use by another status page that runs now: stop that one, "
                "or choose another folder, e.g. make run DATA_DIR=var2 PORT=8001."
            )
        return lock

    def _prepare(self, address: local.Address, config: str) -> None:
        """Everything that has to be there before a child starts."""
        # The configuration says ${SELF_URL}; the page's own probes go to this port.
        os.environ["SELF_URL"] = settings.SELF_URL = address.url
        os.environ["PUBLIC_URL"] = settings.PUBLIC_URL or address.url
        if local.collect_static_files():
            self.stdout.write("Static files collected.")
        call_command("migrate", verbosity=0, interactive=False)
        if config:
            call_command("load_config", config, stdout=self.stdout, stderr=self.stderr)
        if settings.USES_FILE_BROKER:
            local.clear_file_broker(settings.DATA_DIR / "broker")

    def _wait_until_it_answers(self, address: local.Address, children: list[Child], stop: StopRequest) -> None:
        deadline = time.monotonic() + SECONDS_TO_ANSWER
        while not stop.wait(0.1):
            _raise_if_ended(children)
            if address.answers():
                return
            if time.monotonic() > deadline:
                raise CommandError(f"The page does not answer after {SECONDS_TO_ANSWER} s; the reason is above.")

    def _announce(self, address: local.Address, seconds: float) -> None:
        password = local.make_administrator()
        manage = f"{_data_dir_prefix()}.venv/bin/python manage.py"
        login = (
            f"{local.ADMINISTRATOR}, password {password}  (shown this once)"
            if password
            else f"as before; a new password: {manage} changepassword {local.ADMINISTRATOR}"
        )
        lines = [
            f"{Page.current().name} is ready after {seconds:.1f} s.",
            f"  Page      {address.url}/",
            f"  Console   {address.url}/admin/",
            f"  Login     {login}",
            f"  Mail      {_where_mail_goes()}",
            f"  Commands  {manage} help",
            "Ctrl-C stops everything.",
        ]
        connections.close_all()
        self.stdout.write("\n" + "\n".join(lines) + "\n")
        self.stdout.flush()

    def _stop(self, children: list[Child]) -> None:
        # A second signal changes nothing: make hands on what the whole group has got, and the wait is bounded.
        if any(child.exit_code is None for child in children):
            self.stdout.write("Stopping…")
            self.stdout.flush()
        killed = stop_children(children)
        reap_orphans()
        for name in killed:
            self.stderr.write(f"The {name} did not stop within 10 s and was killed.")
        if children:
            self.stdout.write("Stopped; nothing is left running.")


def _port(text: str) -> int:
    highest = 65535
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= highest:
        raise CommandError(f"The port is {text!r}; expected a number from 1 to {highest}, e.g. make run PORT=8000.")
    return int(text)


@contextmanager
def _stopping_by_exception() -> Iterator[None]:
    """While there are no children yet, a stop signal just ends what we are doing, without a traceback."""

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    for number in STOP_SIGNALS:
        signal.signal(number, leave)
    yield


def _raise_if_ended(children: list[Child]) -> None:
    for child in children:
        if child.exit_code is not None:
            raise CommandError(f"The {child.name} {child.ending} by itself; everything else is stopped too.")


def _watch(children: list[Child], stop: StopRequest) -> None:
    """Until somebody asks us to stop; raises CommandError if a child ends by itself."""
    while not stop.wait(0.3):
        _raise_if_ended(children)


def _shown(path: Path) -> str:
    """Relative to where we are, if it is below."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _data_dir_prefix() -> str:
    default = settings.DATA_DIR == settings.BASE_DIR / "var"
    return "" if default else f"DATA_DIR={_shown(settings.DATA_DIR)} "


def _where_mail_goes() -> str:
    return "is sent by EMAIL_URL" if settings.EMAIL_URL else f"is written to {_shown(settings.DATA_DIR / 'mail')}/"
