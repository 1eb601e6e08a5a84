from statuspage.web.publication.edition import Document, build_documents
from statuspage.web.publication.headers import SecurityHeaders
from statuspage.web.publication.kept import KeptDocuments
from tests.unit.web.publication.conftest import NOON, Page


def document(path: str, size: int = 100) -> Document:
    page = Page(path=path, body=b"x" * size)
    return build_documents([page], built_at=NOON, security=SecurityHeaders.from_settings())[path]


def test_a_kept_page_is_found_with_its_version() -> None:
    kept = KeptDocuments()
    kept.keep(document("/a"), version=3)
    entry = kept.get("/a")
    assert entry is not None
    assert (entry.document.source.path, entry.version) == ("/a", 3)


def test_the_least_recently_used_goes_when_the_bound_is_reached() -> None:
    kept = KeptDocuments(bound_bytes=250)
    kept.keep(document("/a"), version=1)
    kept.keep(document("/b"), version=1)
    kept.get("/a")
    kept.keep(document("/c"), version=1)
    assert [kept.get(path) is not None for path in ("/a", "/b", "/c")] == [True, False, True]


def test_keeping_a_page_again_replaces_it() -> None:
    kept = KeptDocuments(bound_bytes=250)
    for version in range(5):
        kept.keep(document("/a"), version=version)
    kept.keep(document("/b"), version=1)
    entry = kept.get("/a")
    assert entry is not None
    assert entry.version == 4
    assert len(kept) == 2


def test_a_page_larger_than_the_bound_is_not_kept() -> None:
    kept = KeptDocuments(bound_bytes=250)
    kept.keep(document("/a"), version=1)
    kept.keep(document("/huge", 280), version=1)
    assert kept.get("/huge") is None
    assert kept.get("/a") is not None


def test_a_forgotten_page_is_gone() -> None:
    kept = KeptDocuments()
    kept.keep(document("/a"), version=1)
    kept.forget("/a")
    kept.forget("/never-there")
    assert kept.get("/a") is None
