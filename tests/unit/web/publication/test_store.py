import json
import os
import threading
import time
import zipfile
from pathlib import Path

import pytest

from statuspage.web.publication import store
from statuspage.web.publication.edition import Edition, Special, build_documents
from statuspage.web.publication.headers import SecurityHeaders
from tests.unit.web.publication.conftest import LONG_BODY, NOON, Page

SECURITY = SecurityHeaders.from_settings()


def make_edition(version: int = 7, body: bytes = LONG_BODY) -> Edition:
    pages = [Page(body=body), Page(path="/status.json", content_type="application/json", cache_control="no-store")]
    documents = build_documents(pages, built_at=NOON, security=SECURITY)
    return Edition(version=version, built_at=NOON, build_ms=12, documents=documents, refresh_seconds=45)


def load(folder: Path) -> Edition | None:
    return store.load(folder=folder, security=SECURITY)


def test_an_edition_comes_back_as_it_went(tmp_path: Path) -> None:
    edition = make_edition()
    store.save(edition, folder=tmp_path / "deep" / "folder")
    restored = load(tmp_path / "deep" / "folder")
    assert restored is not None
    assert restored.documents == edition.documents
    assert (restored.version, restored.built_at, restored.refresh_seconds) == (7, NOON, 45)
    assert restored.is_restored


def test_the_file_is_about_as_small_as_what_is_sent(tmp_path: Path) -> None:
    store.save(make_edition(body=LONG_BODY * 100), folder=tmp_path)
    assert (tmp_path / "edition.zip").stat().st_size < len(LONG_BODY * 100) / 10


def test_saving_leaves_one_file_and_no_other(tmp_path: Path) -> None:
    store.save(make_edition(), folder=tmp_path)
    store.save(make_edition(8), folder=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["edition.zip"]


def test_no_edition_on_disk_is_none(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    assert load(tmp_path / "missing") is None


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04 half of one"])
def test_a_file_that_is_no_edition_is_ignored(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "edition.zip").write_bytes(content)
    assert load(tmp_path) is None


@pytest.mark.parametrize("at", [0.1, 0.3, 0.6, 0.9, 0.99])
def test_a_file_that_was_cut_off_is_ignored(tmp_path: Path, at: float) -> None:
    store.save(make_edition(), folder=tmp_path)
    file = tmp_path / "edition.zip"
    content = file.read_bytes()
    file.write_bytes(content[: int(len(content) * at)])
    assert load(tmp_path) is None


def test_a_flipped_bit_in_a_body_is_noticed(tmp_path: Path) -> None:
    store.save(make_edition(), folder=tmp_path)
    file = tmp_path / "edition.zip"
    content = bytearray(file.read_bytes())
    content[content.index(b"documents/0") + 100] ^= 1
    file.write_bytes(bytes(content))
    assert load(tmp_path) is None


@pytest.mark.parametrize(
    "manifest",
    [
        {},
        [],
        {"format": 99, "documents": []},
        {"format": 1, "version": 1, "built_at": 0, "refresh_seconds": 30, "documents": []},
        {"format": 1, "version": "x", "built_at": "y", "refresh_seconds": 30, "documents": [{}]},
        {
            "format": 1,
            "version": 1,
            "built_at": 0,
            "refresh_seconds": 30,
            "documents": [
                {
                    "entry": "manifest.json",
                    "path": "/",
                    "status": 200,
                    "content_type": "text/html\r\nSet-Cookie: a=b",
                    "cache_control": "no-store",
                    "modified_at": 0,
                    "gzip": False,
                }
            ],
        },
    ],
)
def test_a_manifest_that_is_not_ours_is_ignored(tmp_path: Path, manifest: object) -> None:
    with zipfile.ZipFile(tmp_path / "edition.zip", "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
    assert load(tmp_path) is None


def test_a_failed_save_leaves_the_last_edition_and_no_debris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store.save(make_edition(1), folder=tmp_path)

    def full(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        store.save(make_edition(2), folder=tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["edition.zip"]
    restored = load(tmp_path)
    assert restored is not None
    assert restored.version == 1


def test_many_writers_and_readers_of_one_folder_see_whole_editions_only(tmp_path: Path) -> None:
    store.save(make_edition(0), folder=tmp_path)
    editions = [make_edition(number, body=LONG_BODY + b"%d" % number) for number in range(1, 4)]
    failures: list[str] = []

    def write(edition: Edition) -> None:
        for _ in range(15):
            store.save(edition, folder=tmp_path)

    def read() -> None:
        for _ in range(15):
            restored = load(tmp_path)
            if restored is None or len(restored.documents) != 2:
                failures.append(f"read {restored}")

    threads = [threading.Thread(target=write, args=[edition]) for edition in editions]
    threads += [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [file.name for file in tmp_path.iterdir()] == ["edition.zip"]


def test_what_killed_writers_left_is_removed_once_it_is_old(tmp_path: Path) -> None:
    old, young = tmp_path / "edition-old.tmp", tmp_path / "edition-young.tmp"
    for file in (old, young):
        file.write_bytes(b"half")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    store.remove_leftovers(folder=tmp_path)
    assert not old.exists()
    assert young.exists()


def test_what_is_special_about_a_document_comes_back(tmp_path: Path) -> None:
    special = Special(location="/incidents/b/", takes_query=("q", "severity"))
    documents = build_documents([Page(special=special)], built_at=NOON, security=SECURITY)
    edition = Edition(version=7, built_at=NOON, build_ms=12, documents=documents, refresh_seconds=45)
    store.save(edition, folder=tmp_path)
    restored = load(tmp_path)
    assert restored is not None
    assert restored.documents["/"].source.special == special
