"""Pages that are not hot: rendered by Django when first asked for, then kept, within a bound of memory."""

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from statuspage.web.publication.edition import Document

DEFAULT_BOUND_BYTES = 24 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDocument:
    document: Document
    version: int
    kept_at: float


class KeptDocuments:
    """The least recently used go first when the bound is reached. Safe from any thread.

    An entry older than the page's version or refresh is not current any more, and still what there is to show when
    the database is gone: `get` leaves that choice to the caller.
    """

    def __init__(self, *, bound_bytes: int = DEFAULT_BOUND_BYTES) -> None:
        self._bound_bytes = bound_bytes
        self._bytes = 0
        self._entries: OrderedDict[str, KeptDocument] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, document: Document, *, version: int) -> None:
        path, size = document.source.path, document.size
        if size > self._bound_bytes:
            return
        with self._lock:
            self._remove(path)
            self._entries[path] = KeptDocument(document=document, version=version, kept_at=time.monotonic())
            self._bytes += size
            while self._bytes > self._bound_bytes:
                self._remove(next(iter(self._entries)))

    def get(self, path: str) -> KeptDocument | None:
        with self._lock:
            entry = self._entries.get(path)
            if entry is not None:
                self._entries.move_to_end(path)
            return entry

    def forget(self, path: str) -> None:
        """It is gone from the site: do not show it even when the database is."""
        with self._lock:
            self._remove(path)

    def _remove(self, path: str) -> None:
        entry = self._entries.pop(path, None)
        if entry is not None:
            self._bytes -= entry.document.size

    def __len__(self) -> int:
        return len(self._entries)
