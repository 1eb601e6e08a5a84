import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import time_machine
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries

from components.models import Page as PageRow
from components.services import touch_page
from statuspage.core.postgresql.connection import DatabaseSilent
from statuspage.web.publication import publisher as publisher_module
from statuspage.web.publication import store
from statuspage.web.publication.publisher import Publisher, render_and_keep
from statuspage.web.publication.sources import PageVersion, read_page_version
from tests.unit.web.publication.conftest import NOON, Page, Site

MakePublisher = Callable[..., Publisher]


@pytest.fixture
def running(make_publisher: MakePublisher, tmp_path: Path) -> Iterator[Publisher]:
    publisher = make_publisher(folder=tmp_path)
    publisher.start()
    yield publisher
    publisher.stop()


def wait_for(condition: Callable[[], object], seconds: float = 5.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def body_of(publisher: Publisher, path: str = "/") -> bytes:
    assert publisher.edition is not None
    return publisher.edition.documents[path].source.body


def wait_for_body(publisher: Publisher, body: bytes) -> None:
    wait_for(lambda: body_of(publisher) == body)


def test_the_first_step_builds_an_edition(publisher: Publisher) -> None:
    assert publisher.step()
    assert publisher.edition is not None
    assert publisher.edition.version == 1
    assert set(publisher.edition.documents) == {"/"}


def test_nothing_changed_means_no_new_edition(publisher: Publisher) -> None:
    publisher.step()
    edition = publisher.edition
    assert not publisher.step()
    assert publisher.edition is edition


def test_a_new_version_of_the_page_makes_a_new_edition(publisher: Publisher, site: Site) -> None:
    publisher.step()
    site.version, site.pages = 2, [Page(body=b"changed")]
    assert publisher.step()
    assert body_of(publisher) == b"changed"


def test_a_version_that_went_back_is_a_change_too(publisher: Publisher, site: Site) -> None:
    site.version = 9
    publisher.step()
    site.version = 3
    assert publisher.step()


def test_an_edition_as_old_as_the_refresh_interval_is_rebuilt(publisher: Publisher, site: Site) -> None:
    site.refresh_seconds = 0
    publisher.step()
    site.pages = [Page(body=b"measured again")]
    assert publisher.step()
    assert body_of(publisher) == b"measured again"


def test_turning_the_clock_back_stops_no_refresh(publisher: Publisher, site: Site) -> None:
    site.refresh_seconds = 0
    with time_machine.travel(NOON, tick=True):
        publisher.step()
    with time_machine.travel(NOON.replace(hour=9), tick=True):
        assert publisher.step()


@pytest.mark.parametrize("where", ["trouble", "template_trouble"])
def test_a_failed_rebuild_keeps_the_edition_and_is_counted(publisher: Publisher, site: Site, where: str) -> None:
    publisher.step()
    edition = publisher.edition
    site.version = 2
    setattr(site, where, OperationalError("server closed the connection"))
    assert not publisher.step()
    assert not publisher.step()
    assert publisher.edition is edition
    assert (publisher.state.failures, publisher.state.failures_in_a_row) == (2, 2)
    assert "server closed the connection" in publisher.state.last_error


def test_it_recovers_by_itself(publisher: Publisher, site: Site) -> None:
    site.trouble = OperationalError("gone")
    publisher.step()
    site.trouble = None
    assert publisher.step()
    assert publisher.state.failures_in_a_row == 0
    assert publisher.state.failures == 1


def test_it_looks_once_a_second_so_that_a_change_is_seen_within_two(site: Site) -> None:
    publisher = Publisher(read_version=site.read_version, render=site.render)
    assert publisher.pause_seconds <= 1.0


def test_it_never_waits_more_than_two_seconds_to_look_again(make_publisher: MakePublisher, site: Site) -> None:
    publisher = make_publisher(poll_seconds=1.0)
    assert publisher.pause_seconds == 1.0
    site.trouble = OperationalError("gone")
    for _ in range(20):
        publisher.step()
    assert publisher.pause_seconds == 2.0


def test_an_outage_is_logged_once_a_minute_not_every_second(
    publisher: Publisher, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.trouble = OperationalError("gone")
    for _ in range(61):
        publisher.step()
    assert len([record for record in caplog.records if "cannot be refreshed" in record.message]) == 2


def test_an_edition_is_written_to_disk_and_served_after_a_restart(
    make_publisher: MakePublisher, site: Site, tmp_path: Path
) -> None:
    make_publisher(folder=tmp_path).step()
    site.trouble = OperationalError("gone")
    restarted = make_publisher(folder=tmp_path)
    restarted.restore()
    restarted.step()
    assert body_of(restarted) == Page().body


def test_what_came_from_disk_is_rebuilt_even_if_the_version_is_the_same(
    make_publisher: MakePublisher, site: Site, tmp_path: Path
) -> None:
    # Longer than this machine has been running: nothing is rebuilt for its age.
    site.refresh_seconds = 10**9
    make_publisher(folder=tmp_path).step()
    site.pages = [Page(body=b"by the new program")]
    restarted = make_publisher(folder=tmp_path)
    restarted.restore()
    assert restarted.step()
    assert body_of(restarted) == b"by the new program"


def test_a_full_disk_costs_the_copy_and_not_the_page(
    make_publisher: MakePublisher, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    publisher = make_publisher(folder=tmp_path)
    monkeypatch.setattr(store, "save", full)
    assert publisher.step()
    site.version = 2
    assert publisher.step()
    assert publisher.edition is not None
    assert (publisher.state.failures, publisher.state.store_failures) == (0, 2)


def test_a_folder_that_cannot_be_made_costs_the_copy_only(make_publisher: MakePublisher, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    publisher = make_publisher(folder=tmp_path / "file" / "edition")
    assert publisher.step()
    assert publisher.state.store_failures == 1


def test_its_thread_shows_a_change_by_itself(running: Publisher, site: Site) -> None:
    wait_for(lambda: running.edition)
    site.pages = [Page(body=b"changed")]
    site.version = 2
    wait_for_body(running, b"changed")


def test_starting_twice_starts_one_thread(running: Publisher) -> None:
    thread = running._thread
    running.start()
    assert running._thread is thread


def test_a_forked_child_gets_a_thread_of_its_own(running: Publisher) -> None:
    before, parents = running._thread, running._stopping
    running._start_again()
    parents.set()
    assert running._thread is not before
    assert running._thread is not None
    assert running._thread.is_alive()


def test_a_forked_child_of_a_stopped_publisher_gets_none(running: Publisher) -> None:
    running.stop()
    before = running._thread
    running._start_again()
    assert running._thread is before


def test_stopping_ends_the_thread(running: Publisher) -> None:
    running.stop()
    assert running._thread is not None
    assert not running._thread.is_alive()


def test_a_database_that_hangs_keeps_nobody_from_reading(site: Site) -> None:
    hanging, released = threading.Event(), threading.Event()

    def read_version() -> PageVersion:
        if site.version == 2:
            hanging.set()
            released.wait(5)
        return site.read_version()

    publisher = Publisher(read_version=read_version, render=site.render, poll_seconds=0.01)
    publisher.start()
    try:
        wait_for(lambda: publisher.edition)
        site.version = 2
        assert hanging.wait(5)
        started = time.monotonic()
        assert body_of(publisher) == Page().body
        assert time.monotonic() - started < 0.1
    finally:
        released.set()
        publisher.stop()


def test_a_question_without_an_answer_for_a_second_is_silence(publisher: Publisher) -> None:
    publisher.state.asking_since = time.monotonic() - 0.5
    assert not publisher.database_is_silent()
    publisher.state.asking_since = time.monotonic() - 1.5
    assert publisher.database_is_silent()


def test_silence_ends_with_the_first_answer(publisher: Publisher, site: Site) -> None:
    site.trouble = OperationalError("gone")
    publisher.step()
    assert publisher.database_is_silent()
    site.trouble = None
    publisher.step()
    assert not publisher.database_is_silent()


def test_a_query_that_goes_unanswered_while_rendering_is_silence_too(publisher: Publisher, site: Site) -> None:
    silent = OperationalError("no answer")
    silent.__cause__ = DatabaseSilent("no answer")
    site.template_trouble = silent
    publisher.step()
    assert publisher.database_is_silent()


def test_readers_never_see_half_an_edition(running: Publisher, site: Site) -> None:
    """Both documents of an edition say the same number, however fast they are replaced."""
    wait_for(lambda: running.edition)
    mixed: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            edition = running.edition
            if edition is not None:
                bodies = {document.source.body for document in edition.documents.values()}
                if len(bodies) > 1:
                    mixed.append(bodies)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(2, 12):
        body = b"number %d" % number
        site.pages = [Page(body=body), Page(path="/other", body=body)]
        site.version = number
        wait_for_body(running, body)
    done.set()
    for reader in readers:
        reader.join()
    assert mixed == []


def test_a_kept_page_is_current_until_the_version_changes(publisher: Publisher, site: Site) -> None:
    publisher.step()
    publisher.keep(Page(path="/incidents/a/"), version=1)
    assert publisher.current("/incidents/a/") is not None
    site.version = 2
    publisher.step()
    assert publisher.current("/incidents/a/") is None


def test_a_kept_page_is_current_for_one_refresh_interval(publisher: Publisher, site: Site) -> None:
    site.refresh_seconds = 0
    publisher.step()
    publisher.keep(Page(path="/incidents/a/"), version=1)
    assert publisher.current("/incidents/a/") is None


def test_an_old_kept_page_is_better_than_none_while_the_database_is_gone(publisher: Publisher, site: Site) -> None:
    site.refresh_seconds = 0
    publisher.step()
    publisher.keep(Page(path="/incidents/a/"), version=1)
    site.trouble = OperationalError("gone")
    publisher.step()
    assert publisher.current("/incidents/a/") is not None


def test_keeping_the_same_page_again_does_not_compress_it_again(publisher: Publisher) -> None:
    publisher.step()
    publisher.keep(Page(path="/incidents/a/"), version=1)
    first = publisher.kept.get("/incidents/a/")
    publisher.keep(Page(path="/incidents/a/"), version=2)
    second = publisher.kept.get("/incidents/a/")
    assert first is not None
    assert second is not None
    assert second.document is first.document


@pytest.fixture
def this_process(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> Publisher:
    monkeypatch.setattr(publisher_module, "publisher", publisher)
    return publisher


def test_a_view_renders_and_keeps(this_process: Publisher) -> None:
    this_process.step()
    page = render_and_keep(lambda path: Page(path=path), "/incidents/a/")
    assert page == Page(path="/incidents/a/")
    assert this_process.current("/incidents/a/") is not None


def test_where_a_duplicate_leads_is_kept_too(this_process: Publisher) -> None:
    this_process.step()
    render_and_keep(lambda path: Page(path=path, status=301), "/incidents/a/")
    assert this_process.current("/incidents/a/") is not None


def test_a_change_while_a_view_renders_is_not_hidden_by_what_it_keeps(this_process: Publisher, site: Site) -> None:
    this_process.step()

    def render(path: str) -> Page:
        site.version = 2
        this_process.step()
        return Page(path=path)

    render_and_keep(render, "/incidents/a/")
    assert this_process.current("/incidents/a/") is None


@pytest.mark.parametrize("gone", [None, Page(path="/incidents/a/", status=404)])
def test_a_page_that_is_gone_is_forgotten(this_process: Publisher, gone: Page | None) -> None:
    this_process.step()
    render_and_keep(lambda path: Page(path=path), "/incidents/a/")
    render_and_keep(lambda _path: gone, "/incidents/a/")
    assert this_process.kept.get("/incidents/a/") is None


def test_before_the_first_edition_nothing_is_kept(this_process: Publisher) -> None:
    assert render_and_keep(lambda path: Page(path=path), "/incidents/a/") is not None
    assert len(this_process.kept) == 0


@pytest.mark.django_db
def test_the_version_of_the_page_is_read_in_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    PageRow.current()
    before = read_page_version()
    touch_page()
    with django_assert_num_queries(1):
        after = read_page_version()
    assert (before.version + 1, 30) == after


@pytest.mark.django_db
def test_a_page_that_is_not_there_yet_has_a_version_all_the_same() -> None:
    PageRow.objects.all().delete()
    assert read_page_version() == PageVersion(0, 30)


# --- what is watched beside it ---------------------------------------------------------------------------------------


def test_each_rebuild_is_followed_by_a_look_at_what_is_watched(site: Site) -> None:
    looks: list[int] = []
    publisher = Publisher(read_version=site.read_version, render=site.render, watch=lambda: looks.append(site.version))
    publisher.step()
    publisher.step()
    site.version = 2
    publisher.step()
    assert looks == [1, 2]


def test_a_look_that_fails_costs_the_page_nothing(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise OperationalError("no such table")

    publisher = Publisher(read_version=site.read_version, render=site.render, watch=fail)
    assert publisher.step()
    assert body_of(publisher) == site.pages[0].body
    assert (publisher.state.failures, publisher.state.last_error) == (0, "")
    assert "could not be looked at" in caplog.text


def test_while_the_database_is_gone_nothing_is_looked_at(site: Site) -> None:
    looks: list[int] = []
    publisher = Publisher(read_version=site.read_version, render=site.render, watch=lambda: looks.append(1))
    site.trouble = OperationalError("gone")
    publisher.step()
    assert looks == []
