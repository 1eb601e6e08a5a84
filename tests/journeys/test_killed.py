"""A part dies around the moment in which staff post an update: what was said is whole, shown, and told once."""

import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.journeys.checks import becomes
from tests.journeys.mailbox import Mailbox
from tests.journeys.stack import Stack, eventually
from tests.services import Service

CONFIGURATION = """
[page]
name = "Example"
url = "http://status.example.com"

[[components]]
slug = "api"
name = "API"

[[components]]
slug = "mail"
name = "Mail"
"""
SIGN_IN = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
user = User.objects.create_superuser("ana", "ana@example.com", "of-no-use-here")
session = SessionStore()
session[SESSION_KEY] = str(user.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(session.session_key)
"""
CSRF = "a" * 32
# Updates that were said, and of each whether everything that belongs to it is there: two components, one notice.
WHOLE = """
    SELECT u.body,
           (SELECT count(*) FROM incidents_updateimpact i WHERE i.update_id = u.id),
           (SELECT count(*) FROM incidents_notice n WHERE n.update_id = u.id)
    FROM incidents_incidentupdate u ORDER BY u.id
"""
# Parts of the time that a post takes, so that some processes die before the commit, some around it, some after it.
MOMENTS = (0.3, 0.6, 0.8, 0.9, 1.0, 1.15)


@pytest.fixture(scope="module")
def cookies(stack: Stack) -> dict[str, str]:
    stack.load_config(CONFIGURATION)
    for slug in ("api", "mail"):
        stack.manage("component", "set", slug, "operational")
    words = ["--title", "It burns", "--severity", "critical", "--message", "We look."]
    stack.manage("incident", "open", *words, "--component", "api=major_outage", "--component", "mail=partial_outage")
    return {"sessionid": stack.manage("shell", "-v0", "-c", SIGN_IN).strip(), "csrftoken": CSRF}


def post(stack: Stack, cookies: dict[str, str], body: str) -> int:
    """Post an update as the console's form does. Returns the HTTP status."""
    ((pk, revision),) = stack.query("SELECT id, revision FROM incidents_incident")
    form = {
        "csrfmiddlewaretoken": CSRF,
        "update-status": "identified",
        "update-message": body,
        "update-notify": "on",
        "update-promise": "",
        "update-revision": str(revision),
    }
    with httpx.Client(base_url=stack.url, cookies=cookies, timeout=20, trust_env=False) as client:
        return client.post(f"/admin/incidents/incident/{pk}/update/", data=form).status_code


def test_a_process_killed_while_it_posts_said_all_of_it_or_none(stack: Stack, cookies: dict[str, str]) -> None:
    assert post(stack, cookies, "Warm.") == 302
    started = time.monotonic()
    assert post(stack, cookies, "Measured.") == 302
    usual = time.monotonic() - started
    for number, moment in enumerate(MOMENTS):
        poster = threading.Thread(target=_post_and_be_cut_off, args=(stack, cookies, f"Update {number}."))
        poster.start()
        time.sleep(usual * moment)
        stack.kill("web")
        poster.join(30)
        stack.start("web")
    rows = stack.query(WHOLE)
    said = [body for body, _, _ in rows]
    assert said[:3] == ["We look.", "Warm.", "Measured."]
    assert len(said) == len(set(said))
    assert [row for row in rows if row[1:] != (2, 1)] == []
    ((revision, version),) = stack.query("SELECT i.revision, p.version FROM incidents_incident i, components_page p")
    # One step for each update after the first, and none for what was cut off.
    assert revision == len(said)
    assert version >= len(said)
    ((reference,),) = stack.query("SELECT reference FROM incidents_incident")

    def shown() -> bool:
        text = stack.get(f"/incidents/{reference}/").text
        return all(body in text for body in said)

    eventually(shown)


def _post_and_be_cut_off(stack: Stack, cookies: dict[str, str], body: str) -> None:
    try:
        post(stack, cookies, body)
    except httpx.HTTPError:
        # The connection died with the process: staff do not know what became of it, and see it on the page.
        return


def test_what_is_posted_without_the_broker_is_shown_at_once_and_mailed_when_it_is_back(
    stack: Stack, cookies: dict[str, str], redis_service: Service, mails: Mailbox, tmp_path: Path
) -> None:
    readers = tmp_path / "readers.csv"
    readers.write_text("email\nreader@example.com\n", encoding="utf-8")
    stack.manage("subscribers", "import", readers, "--reason", "They confirmed elsewhere.")
    ((reference,),) = stack.query("SELECT reference FROM incidents_incident")
    redis_service.stop()
    try:
        assert post(stack, cookies, "Said without the broker.") == 302
        eventually(lambda: "Said without the broker." in stack.get(f"/incidents/{reference}/").text)
        assert mails.to("reader@example.com") == []
    finally:
        redis_service.start()
    eventually(lambda: mails.to("reader@example.com"))
    becomes(stack, "SELECT state FROM subscriptions_delivery", [("sent",)])
    assert [mail["Subject"] for mail in mails.to("reader@example.com")] == ["[Identified] It burns"]
