"""A list is uploaded, tried out, begun and cancelled in the console."""

from typing import cast

import pytest
from celery import Celery
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client

from subscriptions import tasks
from subscriptions.enums import ImportState
from subscriptions.importing import reading, running
from subscriptions.models import Subscriber, SubscriberImport
from tests.unit.subscriptions.test_admin import staff_with
from tests.unit.subscriptions.test_tasks import eager

__all__ = ["eager"]  # a fixture

pytestmark = pytest.mark.django_db
IMPORTS = "/admin/subscriptions/subscriberimport/"
REASON = "Confirmed on our old page."
LIST = b"email,plan\nada@example.org,gold\nbob@example.org,gold\nnonsense,gold\n"


def upload(client: Client, content: bytes = LIST, reason: str = REASON) -> HttpResponse:
    file = SimpleUploadedFile("old.csv", content, content_type="text/csv")
    return cast("HttpResponse", client.post(f"{IMPORTS}add/", {"file": file, "reason": reason}, follow=True))


def page_of(client: Client, part: str = "change") -> str:
    row = SubscriberImport.objects.get()
    return " ".join(client.get(f"{IMPORTS}{row.pk}/{part}/").content.decode().split())


def test_what_it_would_change_is_shown_before_anybody_is_added(admin_client: Client) -> None:
    html = " ".join(upload(admin_client).content.decode().split())
    assert "<b>2</b> of 3 would be written to from now on" in html
    assert "Line 4: " in html
    assert "passed over: plan" in html
    assert "Import 2</button>" in html
    assert "hx-get" not in html
    row = SubscriberImport.objects.get()
    assert (row.by, row.reason, row.file_name, row.state) == ("admin", REASON, "old.csv", ImportState.CHECKED)
    assert not Subscriber.objects.exists()


def test_once_begun_a_worker_writes_it_and_the_page_follows(
    admin_client: Client, eager: Celery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "AT_ONCE", 1)
    monkeypatch.setattr(tasks, "IMPORT_FOR_SECONDS", 0)
    upload(admin_client)
    row = SubscriberImport.objects.get()
    assert admin_client.get(f"{IMPORTS}{row.pk}/start/").status_code == 302
    assert not SubscriberImport.objects.filter(state=ImportState.RUNNING).exists()
    admin_client.post(f"{IMPORTS}{row.pk}/start/")
    fragment = page_of(admin_client, "progress")
    assert fragment.startswith("<section")
    assert f'hx-get="{IMPORTS}{row.pk}/progress/" hx-trigger="every 2s"' in fragment
    assert '<progress value="0" max="100">' in fragment
    tasks.run_imports()
    fragment = page_of(admin_client, "progress")
    assert '<progress value="100" max="100">' in fragment
    assert "hx-get" not in fragment
    assert Subscriber.objects.confirmed().count() == 2
    assert "begun already" in admin_client.post(f"{IMPORTS}{row.pk}/start/", follow=True).content.decode()


def test_cancelling_forgets_the_file(admin_client: Client) -> None:
    upload(admin_client)
    row = SubscriberImport.objects.get()
    admin_client.post(f"{IMPORTS}{row.pk}/cancel/")
    row.refresh_from_db()
    assert (row.state, row.content) == (ImportState.CANCELLED, "")
    assert "Import 2" not in page_of(admin_client)
    tasks.run_imports()
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("content", "reason", "sentence"),
    [
        (b"name\nAda\n", REASON, "one of them is email"),
        ("email\nm\xfcller@x.org".encode("latin-1"), REASON, "is not UTF-8"),
        (b"email\n", REASON, "names nobody"),
        (LIST, "", "required"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence_and_what_was_typed_stays(
    admin_client: Client, content: bytes, reason: str, sentence: str
) -> None:
    html = upload(admin_client, content, reason).content.decode()
    assert sentence in html
    assert f'value="{reason}"' in html or not reason
    assert not SubscriberImport.objects.exists()


def test_a_file_that_is_too_large_is_not_even_read(admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subscriptions.admin_imports.LARGEST_FILE", 10)
    assert "split it" in upload(admin_client).content.decode()
    assert reading.LARGEST_FILE > 10


def test_who_may_not_import_does_not(client: Client, admin_client: Client) -> None:
    upload(admin_client)
    row = SubscriberImport.objects.get()
    client.force_login(staff_with("view_subscriber", "view_subscriberimport"))
    assert "Import a list" not in client.get("/admin/subscriptions/subscriber/").content.decode()
    assert client.get(f"{IMPORTS}add/").status_code == 403
    assert client.get(f"{IMPORTS}{row.pk}/change/").status_code == 200
    for verb in ("start", "cancel"):
        assert client.post(f"{IMPORTS}{row.pk}/{verb}/").status_code == 403
    client.force_login(User.objects.create(username="nobody", is_staff=True))
    assert client.get(f"{IMPORTS}{row.pk}/change/").status_code == 403
