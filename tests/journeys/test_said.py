"""Whatever is said, by the console's own forms and through the real servers, reaches whom it should, and once.

What came is counted in the mailbox: one mail too many in one story turns this or the next one red.
"""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.checks import becomes, leads, shows
from tests.journeys.console import INCIDENTS, Console, Screen, colleagues, declare, reference_of
from tests.journeys.letters import Letters, text_of
from tests.journeys.mailbox import Mailbox
from tests.journeys.stack import Stack, eventually

READER, SUPPORT, VISITOR = "reader@example.com", "help@example.com", "visitor@example.net"
CUSTOMERS = ("ada@example.org", READER, "zoe@example.org")
CONFIGURATION = f"""
[page]
name = "Acme"
url = "http://status.example.com"
support_email = "{SUPPORT}"

[[components]]
slug = "api"
name = "API gateway"

[[components]]
slug = "web"
name = "Web application"
"""
WINDOWS = "/admin/incidents/maintenance"
LOOK_AGAIN = """
from incidents import tasks as incidents
from subscriptions import tasks as subscriptions
for task in (incidents.run_maintenance, incidents.publish_drafts, incidents.chase, incidents.sweep_reports):
    task()
subscriptions.sweep()
"""


@pytest.fixture(scope="module")
def staff(stack: Stack) -> Iterator[list[Console]]:
    stack.load_config(CONFIGURATION)
    people = colleagues(stack, "ana", "ben")
    yield people
    for one in people:
        one.close()


@pytest.fixture(scope="module")
def ana(staff: list[Console]) -> Console:
    return staff[0]


@pytest.fixture(scope="module")
def ben(staff: list[Console]) -> Console:
    return staff[1]


@pytest.fixture(scope="module")
def letters(stack: Stack, staff: list[Console], mails: Mailbox) -> Letters:
    """With one reader who confirmed, and somebody who never did."""
    expected = Letters(stack, mails)
    everything = {"events": ["incidents", "maintenance", "postmortems"]}
    for address, choice in ((READER, everything), ("never@example.net", {})):
        assert stack.client.post("/v1/status/subscribe", json={"email": address, **choice}).status_code == 202
        (mail,) = expected.come(address, "Confirm your subscription to Acme")
        if address == READER:
            path = re.search(r"/subscribe/confirm/\S+", text_of(mail))
            assert path is not None
            assert stack.client.post(path[0], follow_redirects=True).status_code == 200
    return expected


def test_a_promise_is_mailed_and_shown_and_chased_until_the_word_comes(
    stack: Stack, ana: Console, letters: Letters
) -> None:
    said = ["--title", "Orders fail", "--severity", "critical", "--message", "We look.", "--component"]
    said += ["api=partial_outage", "--next-update", "30m", "--promise", "more_information"]
    reference = stack.manage("incident", "open", *said).strip()
    (mail,) = letters.come(READER, "[Investigating] Orders fail")
    ((pk, due),) = stack.query("SELECT id, next_update_due_at FROM incidents_incident")
    assert f"Next update by {due.astimezone(UTC):%H:%M} UTC, or as soon as we know more." in text_of(mail)
    for path in ("/", f"/incidents/{reference}/"):
        eventually(partial(shows, stack, path, "Orders fail", ", or as soon as we know more"))

    # Nobody waits for half an hour here: it has passed.
    stack.query("UPDATE incidents_incident SET next_update_due_at = now() - interval '1 second'")
    chased = "SELECT fingerprint, source, pages, state FROM incidents_signal"
    late = f"late-word:{reference}:promise"
    becomes(stack, chased, [(late, "deadline", True, "firing")])
    assert "is late by" in ana.open(f"{INCIDENTS}/{pk}/change/").html
    ana.press(
        f"{INCIDENTS}/{pk}/change/",
        "Post the update",
        {"update-status": "identified", "update-message": "A **disk** is full."},
    )
    letters.come(READER, "[Identified] Orders fail")
    becomes(stack, chased, [(late, "deadline", True, "resolved")])
    letters.are_all()


def test_a_scheduled_draft_is_said_at_its_time_and_once(stack: Stack, ana: Console, letters: Letters) -> None:
    screen = declare(ana, stack, "Search is slow")
    letters.come(READER, "[Investigating] Search is slow")
    reference = reference_of(stack, screen)
    at = datetime.now(UTC) + timedelta(seconds=8)
    typed = {"update-status": "identified", "update-message": "A replica lags."}
    typed["update-publish_at"] = f"{at:%Y-%m-%dT%H:%M:%S}"
    ana.press(screen, "Publish at that time", typed)
    assert not shows(stack, f"/incidents/{reference}/", "A replica lags.")
    (mail,) = letters.come(READER, "[Identified] Search is slow")
    assert "A replica lags." in text_of(mail)
    said = "SELECT display_at, author FROM incidents_incidentupdate WHERE incident_id = %s AND status = 'identified'"
    ((said_at, author),) = stack.query(said, screen.pk)
    assert said_at >= at.replace(microsecond=0)
    assert author == "ana"
    assert stack.query("SELECT count(*) FROM incidents_draft") == [(0,)]
    eventually(lambda: shows(stack, f"/incidents/{reference}/", "A replica lags."))
    letters.are_all()


def test_a_corrected_word_is_marked_and_nobody_is_mailed_again(stack: Stack, ana: Console, letters: Letters) -> None:
    screen = declare(ana, stack, "Logins fail", message="The identity prowider is gone.")
    letters.come(READER, "[Investigating] Logins fail")
    path = f"/incidents/{reference_of(stack, screen)}/"
    eventually(lambda: shows(stack, path, "prowider"))
    assert not shows(stack, path, "edited")
    word = re.search(rf"{INCIDENTS}/{screen.pk}/updates/\d+/", screen.html)
    assert word is not None
    ana.press(word[0], "Save the correction", {"message": "The identity provider is gone."})
    eventually(lambda: shows(stack, path, "The identity provider is gone.", "edited "))
    assert not shows(stack, path, "prowider")
    letters.are_all()


def test_duplicates_lead_to_the_one_that_goes_on_which_alone_is_spoken_of(
    stack: Stack, ana: Console, letters: Letters
) -> None:
    kept = declare(ana, stack, "Uploads fail")
    # One says nothing new about components, the other one does.
    same = declare(ana, stack, "Uploads broken", notify=None)
    wider = declare(ana, stack, "Pictures broken", "web", notify=None)
    letters.come(READER, "[Investigating] Uploads fail")
    into = reference_of(stack, kept)
    for duplicate in (same, wider):
        gone = reference_of(stack, duplicate)
        ana.press(f"{INCIDENTS}/{duplicate.pk}/merge/?into={kept.pk}", "Merge the two")
        eventually(partial(leads, stack, f"/incidents/{gone}/", f"/incidents/{into}/"))
        if duplicate is same:
            letters.are_all()
    (mail,) = letters.come(READER, "[Investigating] Uploads fail")
    assert f"{gone} is about the same trouble and goes on here." in text_of(mail)
    eventually(lambda: shows(stack, f"/incidents/{into}/", "Web application"))
    assert not shows(stack, "/history/", "Uploads broken")
    letters.are_all()


def test_a_visitors_report_is_forwarded_and_answered_and_becomes_an_incident(
    stack: Stack, ana: Console, letters: Letters, browser: Browser
) -> None:
    send_report(stack, browser)
    (forwarded,) = letters.come(SUPPORT, "[Report] API gateway: No invoice can be opened")
    assert forwarded["Reply-To"] == VISITOR
    ((pk, public_id),) = stack.query("SELECT id, public_id FROM incidents_outagereport")
    assert f"/admin/incidents/outagereport/{pk}/change/" in forwarded.get_content()
    screen = ana.open(f"/admin/incidents/outagereport/{pk}/change/")
    answered = ana.press(screen, "Send the answer", {"answer-body": "Thank you, we see it too."})
    assert f"?report={public_id}" in answered.html

    declared = ana.press(f"{INCIDENTS}/add/?report={public_id}", "Publish the incident", {"severity": "Minor"})
    linked = stack.query("SELECT state, incident_id, incidents_incident.origin FROM incidents_outagereport "
                         "JOIN incidents_incident ON incidents_incident.id = incident_id")  # fmt: skip
    assert linked == [("linked", declared.pk, "report")]
    (told,) = letters.come(READER, "[Investigating] No invoice can be opened")
    assert "We have had reports of problems with API gateway and are looking into them." in text_of(told)
    (answer,) = letters.come(VISITOR, "Your report to Acme")
    assert answer.get_content().strip() == "Thank you, we see it too."
    assert answer["Reply-To"] == SUPPORT
    reference = reference_of(stack, declared)
    eventually(lambda: shows(stack, f"/incidents/{reference}/", "We have had reports"))
    assert not shows(stack, f"/incidents/{reference}/", "E-Quitte")
    letters.are_all()


def send_report(stack: Stack, browser: Browser) -> None:
    """As a visitor whose browser runs no scripts."""
    context = browser.new_context(base_url=stack.url, java_script_enabled=False)
    context.set_default_timeout(60_000)
    page = context.new_page()
    page.goto("/report/")
    page.get_by_label("What is broken?").fill("No invoice can be opened")
    page.get_by_label("Which part is it?").select_option("API gateway")
    page.get_by_label("Error message").fill("E-Quitte")
    page.get_by_label("Your email address").fill(VISITOR)
    page.get_by_role("button", name="Send the report").click()
    expect(page.get_by_role("heading", name="Thank you, we have it")).to_be_visible()
    context.close()


def test_the_last_mail_says_why_and_the_postmortem_is_read_once_it_is_published(
    stack: Stack, ana: Console, letters: Letters
) -> None:
    screen = declare(ana, stack, "Payments fail")
    letters.come(READER, "[Investigating] Payments fail")
    why = {"resolve-root_cause_summary": "A certificate ran out.", "resolve-remediation": "It is watched now."}
    ana.press(screen, "Resolve the incident", {"resolve-message": "All is well again.", **why})
    (mail,) = letters.come(READER, "[Resolved] Payments fail")
    assert all(word in text_of(mail) for word in ("All is well again.", *why.values()))
    ((pk, state, because),) = stack.query("SELECT id, state, due_because FROM incidents_postmortem")
    assert (state, bool(because)) == ("draft", True)

    written = {"summary-message": "Zwetschge: payments failed.", "prevention-message": "Renewed a month ahead."}
    draft = ana.press(f"/admin/incidents/postmortem/{pk}/change/", "Save the draft", written)
    incident = f"/incidents/{reference_of(stack, screen)}/"
    public = ("/", incident, "/history/", "/history.atom", "/history.rss", "/status.json")
    # What is published anew while there is a draft has none of it.
    ana.press(f"{INCIDENTS}/{screen.pk}/change/", "Save the corrections", {"edit-title": "Payments failed"})
    eventually(lambda: all(shows(stack, path, "Payments failed") for path in public[:5]))
    assert [path for path in public if shows(stack, path, "Zwetschge") or shows(stack, path, "/postmortem/")] == []
    assert stack.get(f"{incident}postmortem/").status_code == 404

    ana.press(ana.open(draft.path), "Publish")
    (mail,) = letters.come(READER, "[Postmortem] Payments failed")
    assert all(word in text_of(mail) for word in (*written.values(), f"{incident}postmortem/"))
    eventually(lambda: shows(stack, incident, ">Postmortem<", f'href="{incident}postmortem/"', "Zwetschge"))
    eventually(lambda: shows(stack, f"{incident}postmortem/", *written.values(), "A certificate ran out."))
    eventually(lambda: shows(stack, "/history.atom", "<title>Postmortem: Payments failed</title>"))
    letters.are_all()


def test_a_mail_to_all_customers_needs_two_people_and_comes_once(
    stack: Stack, ana: Console, ben: Console, letters: Letters, tmp_path: Path
) -> None:
    file = tmp_path / "customers.csv"
    file.write_text("\n".join(["email,name", *(f"{address}," for address in CUSTOMERS)]), encoding="utf-8")
    assert "3 added" in stack.manage("customers", "import", file)
    screen = declare(ana, stack, "Data was lost", notify=None)
    typed = {"subject": "Please check your orders", "body": "Orders of **one hour** are gone."}
    seen = ana.press(f"/admin/incidents/customermail/add/?incident={screen.pk}", "Look at it", typed, stays=True)
    assert "It would go to 3 customers" in seen.html
    asked = ana.press(seen, "Ask another person to send it")
    button = f"Send it to {len(CUSTOMERS)} customers"
    assert button not in asked.html
    own = ben.fill(asked.path, button)
    # The page of who asked has no such button: it is pressed all the same.
    token = ana.fill(asked, "Withdraw it")
    refused = ana.send(replace(own, data=token.data))
    assert "You asked for this mail yourself: another person has to read it and let it go." in refused.html
    letters.are_all()

    with ThreadPoolExecutor(2) as taps:
        list(taps.map(ben.send, [own, own]))
    for address in CUSTOMERS:
        (mail,) = letters.come(address, "Please check your orders")
        assert "Orders of **one hour** are gone." in text_of(mail)
        assert mail["Reply-To"] == SUPPORT
    letters.are_all()


def test_maintenance_is_told_at_each_step_that_was_chosen(
    stack: Stack, ana: Console, ben: Console, letters: Letters
) -> None:
    begins = (datetime.now(UTC) + timedelta(hours=2)).replace(second=0, microsecond=0)
    when = f"{begins:%a} {begins.day} {begins:%b %H:%M} UTC"
    pk = announce(stack, ana, begins).pk
    letters.come(READER, f"[Scheduled] New disks, {when}")
    stack.query("UPDATE incidents_maintenancereminder SET due_at = now()")
    letters.come(READER, f"[Reminder] New disks, {when}")
    stack.query("UPDATE incidents_maintenance SET scheduled_for = now()")
    letters.come(READER, "[In progress] New disks")

    window, steps = f"{WINDOWS}/{pk}/change/", "SELECT title, state FROM incidents_maintenancestep ORDER BY position"
    taps = [person.fill(window, "Begin: Copy", {"notify": "on"}) for person in (ana, ben)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda person, tap: person.send(tap), (ana, ben), taps))
    (mail,) = letters.come(READER, "[In progress] New disks")
    assert "Copy" in text_of(mail)
    assert stack.query(steps) == [("Copy", "running"), ("Check", "pending")]
    ana.press(window, "Begin: Check")
    assert stack.query(steps) == [("Copy", "done"), ("Check", "running")]
    letters.are_all()

    until = begins + timedelta(hours=5)
    ana.press(window, "Announce", {"extend-until": f"{until:%Y-%m-%dT%H:%M}"})
    (mail,) = letters.come(READER, "[In progress] New disks")
    assert f"{until:%H:%M}" in text_of(mail)
    ana.press(window, "Complete")
    letters.come(READER, "[Completed] New disks")
    assert stack.query(steps) == [("Copy", "done"), ("Check", "done")]
    letters.are_all()


def announce(stack: Stack, ana: Console, begins: datetime) -> Screen:
    ((pk,),) = stack.query("SELECT id FROM components_component WHERE slug = 'web'")
    typed = {
        "title": "New disks",
        "message": "We replace disks.",
        "scheduled_for": f"{begins:%Y-%m-%dT%H:%M}",
        "scheduled_until": f"{begins + timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "reminders": "1h",
        f"service-{pk}": "worked",
        "step-0-title": "Copy",
        "step-1-title": "Check",
    }
    return ana.press(f"{WINDOWS}/add/", "Announce the maintenance", typed)


def test_nothing_is_said_again_when_all_rows_are_looked_at_again(stack: Stack, letters: Letters) -> None:
    """As by a second beat: what happens by itself has happened."""
    # But for a component's change, which is told once it has stood for a minute, whoever looks.
    written = """
        SELECT (SELECT max(id) FROM incidents_notice WHERE kind <> 'component.updated'),
               (SELECT max(id) FROM subscriptions_delivery)
    """
    before = stack.query(written)
    stack.manage("shell", "-v0", "-c", LOOK_AGAIN)
    letters.are_all()
    assert stack.query(written) == before
