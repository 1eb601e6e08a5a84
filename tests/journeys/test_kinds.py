"""Component changes, the monthly report and mail that comes back, through the real worker, beat and mail server."""

import base64
import subprocess
from collections.abc import Iterator
from email.message import EmailMessage

import httpx
import pytest

from tests.journeys.checks import becomes
from tests.journeys.letters import text_of
from tests.journeys.mailbox import Mailbox
from tests.journeys.stack import Stack, eventually
from tests.journeys.target import Target
from tests.services import Service

SECRET = "mail-events:only-for-this-journey"
CONFIG = """
[page]
name = "Acme"
url = "{page}"

[[components]]
slug = "api"
name = "API gateway"

[[components.probes]]
slug = "api-http"
kind = "http"
url = "{target}"
interval = "2s"
timeout = "1s"
failure_threshold = 2
recovery_threshold = 2
opens_incident = true
severity = "critical"
expect_status = [200]
allow_private = true
"""
SUBSCRIBE = """
from statuspage.core import clock
from subscriptions.models import Subscriber
for address, events in {people!r}.items():
    wants = {{f"wants_{{event}}": event in events for event in ("incidents", "maintenance", "components", "reports")}}
    Subscriber.objects.create(address=address, state="confirmed", confirmed_at=clock.now(), **wants)
"""
PEOPLE = {
    "ada@example.org": ["components"],
    "eve@example.org": ["components"],
    "gone@example.org": ["components"],
    "grace@example.org": ["incidents"],
    "rita@example.org": ["reports"],
}
# Who is not written to any more, with all that was tried; each was tried once.
SUPPRESSED = """
    SELECT s.address, d.state
    FROM subscriptions_subscriber s JOIN subscriptions_delivery d ON d.subscriber_id = s.id
    WHERE s.state = 'suppressed' AND s.suppressed_reason LIKE '%%No such user%%' AND d.attempts = 1
    ORDER BY s.address
"""
# As on the first of a month, which this day is most likely not.
REPORT = """
from datetime import date, timedelta
from components.models import Component
from probes.models import ComponentDay
from probes.monthly_report import _write, report_payload
month = date.today().replace(day=1) - timedelta(days=1)
for number in range(1, month.day + 1):
    ComponentDay.objects.create(
        component=Component.objects.get(), date=month.replace(day=number), good=288, slots=bytes([1]) * 288
    )
name = f"{month:%Y-%m}"
payload = report_payload(name)
print([bool(_write(name, payload)) for _ in range(2)], payload["components"][0]["availability"], f"{month:%B %Y}")
"""


@pytest.fixture(scope="module")
def stack(
    database_url: str,
    redis_service: Service,
    mails: Mailbox,
    static_files: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """As everywhere, with a short wait for component changes, and a mail provider."""
    subprocess.run(["redis-cli", "-u", redis_service.url, "FLUSHALL"], check=True, capture_output=True, timeout=10)
    folder = tmp_path_factory.mktemp("stack")
    running = Stack(folder=folder, database_url=database_url, redis_url=redis_service.url, mails=mails)
    running.env |= {
        "COMPONENT_NOTICE_AFTER_SECONDS": "3",
        "MAIL_EVENTS": "postmark",
        "MAIL_EVENTS_SECRET": SECRET,
    }
    try:
        running.start()
        yield running
    finally:
        running.close()


@pytest.fixture(scope="module")
def server(stack: Stack) -> Iterator[Target]:
    target = Target()
    target.go_up()
    stack.load_config(CONFIG.format(page=stack.url, target=target.url))
    stack.manage("shell", "-v0", "-c", SUBSCRIBE.format(people=PEOPLE))
    becomes(stack, "SELECT status FROM incidents_toldstate", [("operational",)])
    yield target
    target.go_down()


def subjects(mails: Mailbox, address: str) -> list[str]:
    return [mail["Subject"] for mail in mails.to(address)]


def newest(mails: Mailbox, address: str, subject: str) -> EmailMessage:
    """Wait until this is the last that came to the address."""

    def came() -> EmailMessage:
        mail = mails.to(address)[-1]
        assert mail["Subject"] == subject
        return mail

    return eventually(came)


def bounce(stack: Stack, address: str, secret: str) -> int:
    body = {
        "RecordType": "Bounce",
        "ID": 4323372036854775807,
        "Type": "HardBounce",
        "TypeCode": 1,
        "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
        "Details": "smtp;550 5.1.1 No such user",
        "Email": address,
        "BouncedAt": "2126-11-21T12:00:00Z",
    }
    headers = {"Authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"}
    answer = httpx.post(f"{stack.url}/mail-events/postmark/", json=body, headers=headers, trust_env=False)
    return answer.status_code


def test_a_component_that_goes_down_and_comes_back_is_told_to_who_chose_it_until_their_mail_bounces(
    stack: Stack, server: Target, mails: Mailbox
) -> None:
    mails.answers["gone@example.org"] = "550 5.1.1 No such user"
    server.go_down()
    down = newest(mails, "ada@example.org", "[Major outage] API gateway")
    newest(mails, "eve@example.org", "[Major outage] API gateway")
    assert "Before: Operational" in text_of(down)
    assert "Found by our monitoring." in text_of(down)
    ((reference,),) = stack.query("SELECT reference FROM incidents_incident")
    assert reference in text_of(down)
    assert f"{stack.url}/components/api/" in text_of(down)

    # Whose mail never came back is believed; whoever does not know the secret is not.
    assert bounce(stack, "ada@example.org", "mail-events:guessed-by-somebody") == 401
    assert bounce(stack, "ada@example.org", SECRET) == 200
    assert bounce(stack, "nobody@example.org", SECRET) == 200
    # One was told later by the provider, the other at the door.
    becomes(stack, SUPPRESSED, [("ada@example.org", "sent"), ("gone@example.org", "failed")])

    server.go_up()
    back = newest(mails, "eve@example.org", "[Operational] API gateway")
    assert back["References"] == down["References"]
    becomes(stack, "SELECT count(*) FROM subscriptions_delivery WHERE state = 'pending'", [(0,)])
    # Neither of the two was tried again, or got anything further.
    becomes(stack, SUPPRESSED, [("ada@example.org", "sent"), ("gone@example.org", "failed")])
    assert subjects(mails, "gone@example.org") == []
    assert subjects(mails, "ada@example.org") == ["[Major outage] API gateway"]
    assert subjects(mails, "eve@example.org") == ["[Major outage] API gateway", "[Operational] API gateway"]
    assert {subject.split("]")[0] for subject in subjects(mails, "grace@example.org")} == {
        "[Investigating",
        "[Resolved",
    }
    assert subjects(mails, "rita@example.org") == []


def test_the_report_of_a_month_comes_once_to_who_chose_it(stack: Stack, server: Target, mails: Mailbox) -> None:
    written, _, rest = stack.manage("shell", "-v0", "-c", REPORT).strip().partition("] ")
    availability, title = rest.split(" ", 1)
    assert (written, availability) == ("[True, False", "100.00")
    mail = newest(mails, "rita@example.org", f"[Monthly report] {title}")
    assert "API gateway: 100\N{NO-BREAK SPACE}%" in text_of(mail)
    becomes(stack, "SELECT count(*) FROM subscriptions_delivery WHERE state = 'pending'", [(0,)])
    assert len(mails.to("rita@example.org")) == 1
