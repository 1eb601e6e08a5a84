"""The publisher: one thread in each web process that keeps an edition in memory.

It asks the database once a second for the page's version and rebuilds when that changed, or when the edition is as old
as the page's refresh interval. Serving never waits for it: readers take `publisher.edition`, whatever it is at that
moment, and a rebuild replaces the reference at once. When the database is gone, hangs, or a template is broken, the
last edition stays.
"""

import atexit
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connections

from statuspage.core import clock
from statuspage.core.postgresql import patience
from statuspage.web.publication import store
from statuspage.web.publication.edition import Edition, Rendered, Source, build_document, build_documents
from statuspage.web.publication.headers import SecurityHeaders
from statuspage.web.publication.kept import KeptDocument, KeptDocuments
from statuspage.web.publication.sources import (
    PageVersion,
    read_page_version,
    render_hot_documents,
    watch_monitoring,
)

logger = logging.getLogger(__name__)

POLL_SECONDS = 1.0
LONGEST_BACKOFF_SECONDS = 2.0
# The poll is one row by its key: a database that takes longer than this is not answering.
SILENT_AFTER_SECONDS = 1.0
# While it fails, say so this often, not every second.
LOG_EVERY_FAILURES = 60
# A duplicate's address leads elsewhere for good: as good as a page.
KEPT = frozenset({HTTPStatus.OK, HTTPStatus.MOVED_PERMANENTLY})


@dataclass(slots=True, kw_only=True)
class PublisherState:
    """What the publisher has been through, for `/readyz` and the measurements. Written by its thread alone."""

    rebuilds: int = 0
    failures: int = 0
    failures_in_a_row: int = 0
    last_error: str = ""
    store_failures: int = 0
    # Of the question after the page's version; seconds of the monotonic clock.
    asking_since: float | None = None
    answered_at: float | None = None
    answer_ms: float = 0.0
    is_unanswered: bool = False


class Publisher:
    """Holds the edition of this process and keeps it fresh.

    `read_version` and `render` are called in the publisher's thread only and may raise anything. So may `watch`, which
    is called after each rebuild: nothing of it matters to the edition.
    """

    def __init__(
        self,
        *,
        read_version: Callable[[], PageVersion],
        render: Callable[[], Iterable[Rendered]],
        watch: Callable[[], None] | None = None,
        folder: Path | None = None,
        poll_seconds: float = POLL_SECONDS,
    ) -> None:
        self._read_version = read_version
        self._render = render
        self._watch = watch
        self._folder = folder
        self._poll_seconds = poll_seconds
        self._security = SecurityHeaders.from_settings()
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._start_lock = threading.Lock()
        self._rebuilt_at = 0.0
        self.edition: Edition | None = None
        self.kept = KeptDocuments()
        self.state = PublisherState()

    # --- the thread ------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Serve the edition on disk at once and start the thread. A second call does nothing.

        A server that forks after loading the application gets a thread in each child.
        """
        with self._start_lock:
            if self._thread is not None:
                return
            self.restore()
            os.register_at_fork(after_in_child=self._start_again)
            atexit.register(self.stop)
            self._start_thread()

    def _start_thread(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._thread.start()

    def _start_again(self) -> None:
        """In a child of a fork, where threads do not come along."""
        if not self._stopping.is_set():
            self._start_thread()

    def stop(self, *, wait_seconds: float = 1.0) -> None:
        self._stopping.set()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(wait_seconds)

    def _run(self) -> None:
        stopping = self._stopping
        patience.this_thread_watches()
        while not stopping.is_set():
            close_old_connections()
            self.step()
            stopping.wait(self.pause_seconds)
        connections.close_all()

    @property
    def pause_seconds(self) -> float:
        """Until the next poll: longer while it fails, by little, so that recovery is seen within two seconds."""
        return min(self._poll_seconds * (1 + self.state.failures_in_a_row / 2), LONGEST_BACKOFF_SECONDS)

    def step(self) -> bool:
        """Look once, rebuild if there is reason to. Returns whether there is a new edition. Never raises."""
        try:
            page = self._ask_version()
            is_new = self._is_due(page)
            if is_new:
                self._rebuild(page)
        except Exception as error:  # noqa: BLE001 -- the outermost edge of the thread: serving must go on
            self._note_failure(error)
            return False
        self._note_success()
        if is_new:
            self._look_after()
        return is_new

    def _look_after(self) -> None:
        if self._watch is None:
            return
        try:
            self._watch()
        except Exception:
            logger.exception("What is watched beside the page could not be looked at.")

    def _ask_version(self) -> PageVersion:
        state = self.state
        state.asking_since = started = time.monotonic()
        try:
            page = self._read_version()
        except (OperationalError, InterfaceError):
            state.is_unanswered = True
            raise
        finally:
            state.asking_since = None
        state.answered_at = time.monotonic()
        state.answer_ms = (state.answered_at - started) * 1000
        state.is_unanswered = False
        return page

    def database_is_silent(self) -> bool:
        """Whether the database is gone or hangs, as of the last question: at most a second or two ago."""
        asking_since = self.state.asking_since
        if asking_since is not None and time.monotonic() - asking_since > SILENT_AFTER_SECONDS:
            return True
        return self.state.is_unanswered

    # --- rebuilding ------------------------------------------------------------------------------------------------

    def _is_due(self, page: PageVersion) -> bool:
        edition = self.edition
        if edition is None or edition.is_restored or edition.version != page.version:
            return True
        # By the clock that no administrator and no daylight saving can turn back.
        return time.monotonic() - self._rebuilt_at >= page.refresh_seconds

    def _rebuild(self, page: PageVersion) -> None:
        """`page` was read before rendering: a change during it is seen by the next poll as one more."""
        started, built_at = time.monotonic(), clock.now()
        previous = self.edition
        documents = build_documents(
            self._render(),
            built_at=built_at,
            security=self._security,
            previous=previous.documents if previous else None,
        )
        self.edition = Edition(
            version=page.version,
            built_at=built_at,
            build_ms=(time.monotonic() - started) * 1000,
            documents=documents,
            refresh_seconds=page.refresh_seconds,
        )
        self._rebuilt_at = started
        self.state.rebuilds += 1
        self._save(self.edition)

    def _note_failure(self, error: Exception) -> None:
        state = self.state
        state.failures += 1
        state.failures_in_a_row += 1
        # A query in the midst of rendering may be the first to find out.
        state.is_unanswered = state.is_unanswered or getattr(error.__cause__, "is_silence", False)
        state.last_error = f"{type(error).__name__}: {error}"
        # A connection in an unknown state is of no more use to this thread.
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                connection.close()
        if state.failures_in_a_row % LOG_EVERY_FAILURES == 1:
            logger.error("The page cannot be refreshed, the last edition stays: %s", state.last_error, exc_info=error)

    def _note_success(self) -> None:
        if self.state.failures_in_a_row:
            logger.info("The page is refreshed again after %d failures", self.state.failures_in_a_row)
            self.state.failures_in_a_row = 0
            self.state.last_error = ""

    # --- the disk --------------------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Take the edition on disk, where there is a readable one and none in memory."""
        if self._folder is not None and self.edition is None:
            store.remove_leftovers(folder=self._folder)
            self.edition = store.load(folder=self._folder, security=self._security)

    def _save(self, edition: Edition) -> None:
        """A disk that is full or gone costs the copy, not the page."""
        if self._folder is None:
            return
        try:
            store.save(edition, folder=self._folder)
        except OSError as error:
            self.state.store_failures += 1
            if self.state.store_failures % LOG_EVERY_FAILURES == 1:
                logger.error("The edition cannot be written to %s: %s", self._folder, error)  # noqa: TRY400 -- a full disk needs no traceback
        else:
            self.state.store_failures = 0

    # --- pages that are not hot ------------------------------------------------------------------------------------

    def keep(self, rendered: Rendered, *, version: int) -> None:
        """Keep a page that Django rendered while the edition had this version."""
        entry = self.kept.get(rendered.path)
        before, source = (entry.document if entry else None), Source.of(rendered)
        if before is None or before.source != source:
            modified_at = int(clock.now().timestamp())
            before = build_document(source, modified_at=modified_at, security=self._security, before=before)
        self.kept.keep(before, version=version)

    def current(self, path: str) -> KeptDocument | None:
        """A kept page that still says what Django would say now, or all there is while the database is gone."""
        edition, entry = self.edition, self.kept.get(path)
        if edition is None or entry is None:
            return None
        if self.state.failures_in_a_row or self.database_is_silent():
            return entry
        is_current = entry.version == edition.version and time.monotonic() - entry.kept_at < edition.refresh_seconds
        return entry if is_current else None


publisher = Publisher(
    read_version=read_page_version,
    render=render_hot_documents,
    watch=watch_monitoring,
    folder=settings.EDITION_DIR,
)


def render_and_keep[R: Rendered](render: Callable[[str], R | None], path: str) -> R | None:
    """A page that is not hot, for a view: rendered, and kept for whoever asks next if it is a good one.

    Kept under the version from before the rendering: a change during it is not hidden by it. A page that is gone is
    forgotten, so that it is not brought back by a lost database.
    """
    edition = publisher.edition
    rendered = render(path)
    if rendered is None or rendered.status not in KEPT:
        publisher.kept.forget(path)
    elif edition is not None:
        publisher.keep(rendered, version=edition.version)
    return rendered
