"""Staff bring in a list, see how far telling is, and send again what failed: in Chromium, by real workers."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.console import SIGN_IN, Console, colleagues, declare
from tests.journeys.mailbox import Mailbox
from tests.journeys.stack import Stack, eventually

CONFIGURATION = """
[page]
name = "Acme"
url = "http://status.example.com"

[[components]]
slug = "api"
name = "API gateway"
"""
LISTED = 20_000
TOLD = 200
FULL_MAILBOX = "r7@example.org"
REASON = "Confirmed on our old page, 2023 to 2026."
WHY = "They have made room."


@pytest.fixture(scope="module")
def ana(stack: Stack) -> Iterator[Console]:
    stack.load_config(CONFIGURATION)
    (ana,) = colleagues(stack, "ana")
    yield ana
    ana.close()


@pytest.fixture
def staff(page: Page, stack: Stack, request: pytest.FixtureRequest) -> Page:
    """A tab of somebody who is signed in."""
    name = f"ben-{abs(hash(request.node.name)) % 1000}"
    session = stack.manage("shell", "-v0", "-c", SIGN_IN.format(names=[name])).strip()
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": stack.url}])
    return page


@pytest.fixture
def file(tmp_path: Path, stack: Stack, ana: Console) -> Path:
    """Many who hear of maintenance alone, some of incidents; one who left here, and one line that is no address."""
    stack.query(
        "INSERT INTO subscriptions_subscriber (public_id, channel, address, host, name, contact_email, origin, state, "
        "wants_incidents, wants_maintenance, wants_postmortems, wants_components, wants_reports, wants_updates, "
        "time_zone, language, generation, created_at, suppressed_reason) VALUES ('left00000000', 'email', "
        "'left@example.org', '', '', '', 'public', 'unsubscribed', true, true, true, false, false, true, '', '', 2, "
        "now(), '') ON CONFLICT DO NOTHING"
    )
    rows = [f"r{number}@example.org,{'incidents' if number < TOLD else 'maintenance'}" for number in range(LISTED)]
    file = tmp_path / "old-page.csv"
    file.write_text("\n".join(["email,events", "left@example.org,", "nonsense,", *rows, ""]), encoding="utf-8")
    return file


def test_a_list_is_tried_out_and_brought_in_though_its_worker_is_killed(stack: Stack, staff: Page, file: Path) -> None:
    staff.goto("/admin/subscriptions/subscriber/")
    staff.get_by_role("link", name="Import a list").click()
    staff.get_by_label("The list, a CSV file").set_input_files(file)
    staff.get_by_label("Where and when did they confirm?").fill(REASON)
    staff.get_by_role("button", name="Try it out").click()
    section = staff.get_by_role("region", name="Tried out, nothing written")
    expect(section).to_contain_text("20,000 of 20,002 would be written to from now on")
    expect(staff.get_by_text("Line 2: They unsubscribed here")).to_be_visible()
    expect(staff.get_by_text("Line 3: ")).to_be_visible()
    assert stack.query("SELECT count(*) FROM subscriptions_subscriber") == [(1,)]

    staff.evaluate("window.sameDocument = true")
    staff.get_by_role("button", name="Import 20,000").click()
    expect(staff.get_by_role("region", name="Running")).to_be_visible()
    staff.evaluate("window.sameDocument = true")
    done = "SELECT done FROM subscriptions_subscriberimport"
    eventually(lambda: stack.query(done)[0][0] > 1000, every=0.02)
    stack.kill("worker")
    ((stopped_at,),) = stack.query(done)
    assert stopped_at < LISTED
    stack.start("worker")
    expect(staff.get_by_role("region", name="Done")).to_be_visible(timeout=180_000)
    expect(staff.get_by_role("progressbar")).to_have_attribute("value", "100")
    expect(staff.locator("dl.said")).to_have_text(re.compile(r"New\s*20,000\s*.*Left out\s*2"))
    assert staff.evaluate("window.sameDocument") is True
    counted = "SELECT count(*), count(DISTINCT address) FROM subscriptions_subscriber WHERE origin = 'import'"
    assert stack.query(counted) == [(LISTED, LISTED)]
    assert stack.query("SELECT state, content FROM subscriptions_subscriberimport") == [("done", "")]


def test_a_notice_is_watched_until_it_is_done_and_what_failed_is_sent_again(
    stack: Stack, ana: Console, staff: Page, mails: Mailbox
) -> None:
    mails.answers[FULL_MAILBOX] = "552 5.2.2 Mailbox full"
    screen = declare(ana, stack, "API errors")
    staff.goto(f"/admin/incidents/incident/{screen.pk}/change/")
    expect(staff.get_by_role("heading", name="Who was told")).to_be_visible()
    staff.get_by_role("link", name="Incident declared").click()
    staff.evaluate("window.sameDocument = true")
    expect(staff.get_by_role("region", name="Done")).to_be_visible(timeout=180_000)
    assert staff.evaluate("window.sameDocument") is True
    expect(staff.get_by_role("progressbar")).to_have_attribute("value", "100")
    expect(staff.locator(".number")).to_have_text(re.compile(rf"{TOLD - 1} of {TOLD} told · 1 failed"))
    assert len(mails.messages) == TOLD - 1

    mails.answers.clear()
    staff.reload()
    staff.get_by_label(FULL_MAILBOX).check()
    staff.get_by_role("button", name="Send the chosen ones again").click()
    staff.get_by_role("button", name="Send again").click()
    expect(staff.get_by_text("This field is required")).to_be_visible()
    assert mails.to(FULL_MAILBOX) == []
    staff.get_by_label("Why").fill(WHY)
    staff.get_by_role("button", name="Send again").click()
    expect(staff.get_by_text("On their way again: 1.")).to_be_visible()
    eventually(lambda: len(mails.to(FULL_MAILBOX)) == 1)
    assert len(mails.messages) == TOLD
    ((delivery,),) = stack.query("SELECT id FROM subscriptions_delivery WHERE repeats = 1")
    staff.goto(f"/admin/subscriptions/delivery/{delivery}/change/")
    expect(staff.get_by_text(f": {WHY}")).to_be_visible()


def test_with_the_worker_dead_the_web_itself_says_that_nothing_goes_out(
    stack: Stack, ana: Console, staff: Page
) -> None:
    """Fault 9: the hour is made by moving all of the ledger back in time."""
    stack.stop("worker", "beat")
    stack.query("UPDATE subscriptions_delivery SET sent_at = sent_at - interval '1 hour'")
    stack.query(
        "INSERT INTO subscriptions_delivery (channel, priority, host, purpose, subscriber_id, state, attempts, "
        "next_attempt_at, lease, created_at, repeats, last_error) SELECT 'email', 1, '', 'test', id, 'pending', 0, "
        "now() - interval '1 hour', '', now() - interval '1 hour', 0, '' FROM subscriptions_subscriber "
        "WHERE address = 'r1@example.org'"
    )
    measured = eventually(lambda: metric(stack, "statuspage_delivery_queue_age_seconds"))
    assert measured >= 3600
    staff.goto("/admin/")
    expect(staff.get_by_role("alert")).to_contain_text("nothing goes out")
    signal = "SELECT state, pages FROM incidents_signal WHERE fingerprint = 'deliveries:email'"
    assert eventually(lambda: stack.query(signal), within=120) == [("firing", True)]

    stack.start("worker", "beat")
    eventually(lambda: metric(stack, "statuspage_deliveries_waiting") == 0)
    eventually(lambda: stack.query(signal) == [("resolved", True)], within=120)
    staff.goto("/admin/")
    expect(staff.get_by_role("alert")).to_have_count(0)


def metric(stack: Stack, name: str, channel: str = "email") -> float:
    answer = stack.get("/metrics")
    assert answer.status_code == 200, answer.text
    found = re.search(rf'^{name}{{channel="{channel}"}} (\S+)$', answer.text, flags=re.MULTILINE)
    assert found, answer.text
    assert urlsplit(str(answer.url)).path == "/metrics"
    return float(found[1])
