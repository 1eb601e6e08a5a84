"""The last edition on disk, so that a web process started while the database is down has something to serve.

One zip file, `edition.zip`: `manifest.json` and one entry a document, by gzip where that is how it is sent (a tenth of
the bytes, every half minute); the checksums of the format are what tells a broken file. It is replaced by an atomic
rename, so that any number of processes may write and read the same folder: the last one wins, and each wrote a whole
edition.
"""

import contextlib
import gzip
import json
import logging
import os
import tempfile
import time
import zipfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from statuspage.web.publication.edition import Edition, Special, build_documents
from statuspage.web.publication.headers import SecurityHeaders

logger = logging.getLogger(__name__)

FORMAT = 1
FILE_NAME = "edition.zip"
MANIFEST = "manifest.json"
# Nothing we write comes near; a file that does is not ours.
LARGEST_BYTES = 256 * 1024 * 1024
LEFTOVER_AFTER_SECONDS = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDocument:
    path: str
    status: int
    content_type: str
    cache_control: str
    last_modified: datetime
    body: bytes
    special: Special | None


def save(edition: Edition, *, folder: Path) -> None:
    """Replace the edition on disk. Raises OSError (disk full, no permission); what was there before then stays.

    Not synced to the disk platter: after a power cut the file may be an old one or broken, and is then ignored.
    """
    folder.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=folder, prefix="edition-", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            _write(edition, archive)
        Path(name).replace(folder / FILE_NAME)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _write(edition: Edition, archive: zipfile.ZipFile) -> None:
    entries = []
    for number, document in enumerate(edition.documents.values()):
        source, entry = document.source, f"documents/{number}"
        zipped = document.variants.get("gzip")
        archive.writestr(entry, zipped.body if zipped else source.body)
        entries.append(
            {
                "entry": entry,
                "path": source.path,
                "status": source.status,
                "content_type": source.content_type,
                "cache_control": source.cache_control,
                "modified_at": document.modified_at,
                "gzip": zipped is not None,
                "special": asdict(source.special) if source.special else None,
            }
        )
    manifest = {
        "format": FORMAT,
        "version": edition.version,
        "built_at": edition.built_at.timestamp(),
        "refresh_seconds": edition.refresh_seconds,
        "documents": entries,
    }
    archive.writestr(MANIFEST, json.dumps(manifest))


def load(*, folder: Path, security: SecurityHeaders) -> Edition | None:
    """The edition on disk, None when there is none. A file that is broken or not ours is ignored and logged."""
    file = folder / FILE_NAME
    try:
        return _read(file, security)
    except FileNotFoundError:
        return None
    except Exception as error:  # noqa: BLE001 -- a zip and a JSON parser can raise nearly anything on broken bytes
        logger.warning("The last edition in %s cannot be read and is ignored: %s", file, error)
        return None


def _read(file: Path, security: SecurityHeaders) -> Edition:
    started = time.monotonic()
    if file.stat().st_size > LARGEST_BYTES:
        raise ValueError("it is far too large")
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        if manifest["format"] != FORMAT:
            raise ValueError(f"its format is {manifest['format']!r}")
        stored = [_stored_document(entry, archive) for entry in manifest["documents"]]
    if not stored:
        raise ValueError("it holds no document")
    built_at = datetime.fromtimestamp(float(manifest["built_at"]), tz=UTC)
    return Edition(
        version=int(manifest["version"]),
        built_at=built_at,
        build_ms=(time.monotonic() - started) * 1000,
        documents=build_documents(stored, built_at=built_at, security=security),
        refresh_seconds=int(manifest["refresh_seconds"]),
        is_restored=True,
    )


def _stored_document(entry: dict[str, Any], archive: zipfile.ZipFile) -> StoredDocument:
    body = archive.read(entry["entry"])
    return StoredDocument(
        path=str(entry["path"]),
        status=int(entry["status"]),
        content_type=_header(entry["content_type"]),
        cache_control=_header(entry["cache_control"]),
        last_modified=datetime.fromtimestamp(int(entry["modified_at"]), tz=UTC),
        body=gzip.decompress(body) if entry["gzip"] else body,
        special=_special(entry.get("special")),
    )


def _special(said: dict[str, Any] | None) -> Special | None:
    """None also in an edition that an older program wrote."""
    if said is None:
        return None
    retry_at = said["retry_at"]
    return Special(
        retry_at=None if retry_at is None else int(retry_at),
        location=_header(said["location"]),
        for_programs=str(said["for_programs"]),
        content_security_policy=_header(said["content_security_policy"]),
        takes_query=tuple(str(name) for name in said.get("takes_query", ())),
    )


def _header(value: object) -> str:
    text = str(value)
    if any(character in text for character in "\r\n\0"):
        raise ValueError("a header has a line break")
    return text


def remove_leftovers(*, folder: Path) -> None:
    """Remove what processes that were killed while writing left behind."""
    with contextlib.suppress(OSError):
        for file in folder.glob("edition-*.tmp"):
            if time.time() - file.stat().st_mtime > LEFTOVER_AFTER_SECONDS:
                file.unlink()
