"""Journeys run on the real thing: PostgreSQL, Redis, Celery, an SMTP server and Chromium.

`stack` is the running product with an empty database of its own, one per test module; `page` is a browser's tab on it.
Servers are stopped by their handles: `postgres_service` and `redis_service` can be stopped, killed and frozen.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from psycopg import sql

from tests.journeys.mailbox import Mailbox
from tests.journeys.stack import ROOT, Stack
from tests.services import Service, postgres, redis_server

# Chromium must not call home, and runs as root in containers.
CHROMIUM_ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"),
]
TEMPLATE = "page_template"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.journey)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failed journey shows what the servers said."""
    report = yield
    stack = getattr(item, "funcargs", {}).get("stack")
    if report.failed and isinstance(stack, Stack):
        report.sections.extend(stack.ends_of_logs())
    return report


@pytest.fixture(scope="session")
def postgres_service() -> Iterator[Service]:
    with postgres() as service:
        yield service


@pytest.fixture(scope="session")
def redis_service() -> Iterator[Service]:
    with redis_server() as service:
        yield service


@pytest.fixture(scope="session")
def static_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Collected where `make run` has them too, so that only the first run pays for it."""
    code = "import django; django.setup(); from statuspage.management import local; local.collect_static_files()"
    _run(["-c", code], {"DATA_DIR": str(tmp_path_factory.mktemp("static")), "DATABASE_URL": ""})


@pytest.fixture(scope="session")
def template_database(postgres_service: Service, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with every migration applied, to be copied."""
    _create_database(postgres_service.url, TEMPLATE, template="template0")
    url = _named(postgres_service.url, TEMPLATE)
    data_dir = tmp_path_factory.mktemp("template")
    _run(
        ["manage.py", "migrate", "-v0"],
        {"DATABASE_URL": url, "SECRET_KEY": "of-the-template", "DATA_DIR": str(data_dir)},
    )
    return TEMPLATE


@pytest.fixture(scope="module")
def database_url(postgres_service: Service, template_database: str, request: pytest.FixtureRequest) -> Iterator[str]:
    name = request.path.stem
    _create_database(postgres_service.url, name, template=template_database)
    yield _named(postgres_service.url, name)
    with psycopg.connect(postgres_service.url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def mails() -> Iterator[Mailbox]:
    mailbox = Mailbox()
    mailbox.start()
    yield mailbox
    mailbox.stop()


@pytest.fixture(scope="module")
def stack(
    database_url: str,
    redis_service: Service,
    mails: Mailbox,
    static_files: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    subprocess.run(["redis-cli", "-u", redis_service.url, "FLUSHALL"], check=True, capture_output=True, timeout=10)
    folder = tmp_path_factory.mktemp("stack")
    running = Stack(folder=folder, database_url=database_url, redis_url=redis_service.url, mails=mails)
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; Playwright's own is not downloaded."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is not installed: apt-get install chromium."
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, stack: Stack) -> Iterator[Page]:
    """A tab of a visitor who was never here before; paths are below the stack's address."""
    context = browser.new_context(base_url=stack.url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def _named(url: str, database: str) -> str:
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def _create_database(server_url: str, name: str, *, template: str) -> None:
    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(statement)


def _run(arguments: list[str], settings: dict[str, str]) -> None:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "statuspage.settings", **settings}
    run = subprocess.run(
        [sys.executable, *arguments], env=env, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, f"{arguments} failed:\n{run.stdout}\n{run.stderr}"
