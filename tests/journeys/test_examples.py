"""Each example is the page that it describes: loaded as an operator does it, read in the browser, line by line.

Where the documents that the examples were made from are at hand, every line of them is looked for too.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page
from psycopg import sql

from tests.journeys.mailbox import Mailbox
from tests.journeys.seeds import SAID_OTHERWISE, SEEDS, needs_seeds
from tests.journeys.stack import ROOT, Stack, eventually
from tests.services import Service

# Paths of each example that its content is on; those of incidents, windows and pages are added from what is there.
PATHS = {
    "opsmerge": ["/", "/how-it-works/", "/report/", "/subscribe/", "/history/"],
    "timeline": ["/", "/history/2025-08/"],
    "driftstack": ["/", "/how-it-works/", "/slo/", "/history/"],
    "maintenance": ["/maintenance/", "/"],
}
TIMELINE = [
    ("Postmortem", "21 Aug 2025, 07:11 UTC"),
    ("Resolved", "15 Aug 2025, 05:37 UTC"),
    ("Monitoring", "14 Aug 2025, 16:04 UTC"),
    ("Update", "14 Aug 2025, 15:36 UTC"),
    ("Update", "14 Aug 2025, 14:38 UTC"),
    ("Update", "14 Aug 2025, 13:33 UTC"),
    ("Identified", "14 Aug 2025, 12:23 UTC"),
]
SERVICES = [
    ("Web application", "www.example.com", "offline", 12, "eu-west, us-east"),
    ("API gateway", "api.example.com", "offline", 18, "eu-west, us-east"),
    ("Auth service", "sso / oauth", "restarting", 4, "global"),
    ("Static delivery", "cdn.example.com", "operational", None, "global"),
    ("Search index", "search-v2", "operational", None, "eu-west"),
    ("Email pipeline", "mta · transactional", "queued", 6, "global"),
    ("Webhooks", "outbound · v3", "offline", 22, "eu-west"),
    ("Object storage", "files.example.com", "operational", None, "global"),
    ("Analytics", "events · v2", "queued", 10, "eu-west"),
    ("Internal admin", "admin.internal", "operational", None, "eu-west"),
    ("Background jobs", "workers · v4", "queued", 14, "global"),
    ("Notifications", "push · email · sms", "operational", None, "global"),
]
STEPS = [
    ("Pre-flight checks", "done"),
    ("Read-only mode enabled", "done"),
    ("Web tier offlined", "done"),
    ("Database migrations", "running"),
    ("Smoke tests across regions", "pending"),
    ("Traffic restored", "pending"),
    ("Post-maintenance verification", "pending"),
]


@pytest.fixture(scope="module")
def stack(
    request: pytest.FixtureRequest,
    postgres_service: Service,
    template_database: str,
    redis_service: Service,
    mails: Mailbox,
    static_files: None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stack]:
    """The web alone with the example loaded: what is read here is neither measured nor sent."""
    name = request.param
    with psycopg.connect(postgres_service.url, autocommit=True) as connection:
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(made.format(sql.Identifier(f"example_{name}"), sql.Identifier(template_database)))
    running = Stack(
        folder=tmp_path_factory.mktemp(name, numbered=False),
        database_url=postgres_service.url.rsplit("/", 1)[0] + f"/example_{name}",
        redis_url=redis_service.url,
        mails=mails,
    )
    running.env["PUBLIC_URL"] = running.url
    try:
        running.start("web")
        running.manage("load_config", ROOT / "examples" / f"{name}.toml")
        title = example(name)["page"]["name"]
        eventually(lambda: title in running.get("/").text)
        yield running
    finally:
        running.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An example as its visitors see it."""

    name: str
    stack: Stack
    tab: Page
    kept: dict[str, str] = field(default_factory=dict)

    def read(self, path: str) -> str:
        """What is read on a path, in the words of `plain`."""
        answer = self.tab.goto(path)
        assert answer is not None
        assert answer.status in {200, 503}, path
        return plain(self.tab.locator("body").inner_text())

    def everything(self) -> str:
        """What is read on all pages: those of the example, and those of its incidents, windows and own pages."""
        if not self.kept:
            paths = [*PATHS[self.name], *(f"/pages/{page['slug']}/" for page in example(self.name).get("pages", []))]
            for folder, table in (("incidents", "incidents_incident"), ("maintenance", "incidents_maintenance")):
                for (reference,) in self.stack.query(f"SELECT reference FROM {table}"):  # noqa: S608 -- ours
                    paths.append(f"/{folder}/{reference}/")
            self.kept.update((path, self.read(path)) for path in paths)
        return " ".join(self.kept.values())


@pytest.fixture(scope="module")
def shown(browser: Browser, stack: Stack) -> Iterator[Shown]:
    context = browser.new_context(base_url=stack.url, viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(60_000)
    yield Shown(name=stack.folder.name, stack=stack, tab=context.new_page())
    context.close()


def example(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "examples" / f"{name}.toml").read_text(encoding="utf-8"))


def plain(text: str) -> str:
    """Words and numbers alone, on one line: what is compared does not hang on quotes, case or dashes."""
    return " ".join(re.findall(r"[\w%]+", text.lower().replace("’", "'")))


def lines_of(markdown: str) -> Iterable[str]:
    """What is read of Markdown, line by line, without its marks and the addresses of its links."""
    for line in markdown.splitlines():
        without_number = re.sub(r"^\s*\d+\. ", "", line)
        found = plain(re.sub(r"\]\([^)]*\)", "]", without_number))
        if found:
            yield found


def said_by(configuration: dict[str, Any]) -> list[str]:
    """Everything that the file lets its visitors read, in the words of `plain`."""
    found = [configuration["page"]["name"]]
    for component in configuration["components"]:
        found += [component["name"], component.get("note", "")]
    for severity in configuration.get("severities", []):
        found += [severity.get("name", ""), severity.get("description", "")]
    for policy in configuration.get("policies", []):
        found += [policy.get("name", ""), policy.get("description", "")]
    for incident in configuration.get("incidents", []):
        found += [incident["title"], incident["root_cause"], incident["remediation"]]
        found += [update["message"] for update in incident["updates"]]
    for postmortem in configuration.get("postmortems", []):
        found += [text for key, text in postmortem.items() if key not in {"incident", "published_at"}]
    for window in configuration.get("maintenance", []):
        found += [window["title"], window["message"], window.get("impact_note", ""), window.get("what_to_do", "")]
        for step in window.get("steps", []):
            found += [step["title"], step["body"]]
    for page in configuration.get("pages", []):
        found += [page["title"], page["body"]]
    return [line for text in found for line in lines_of(text)]


def of(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("stack", names, indirect=True, scope="module")


@of("opsmerge", "timeline", "driftstack", "maintenance")
def test_everything_that_the_file_says_is_read_on_its_pages(shown: Shown) -> None:
    text = shown.everything()
    assert [line for line in said_by(example(shown.name)) if line not in text] == []


@needs_seeds
@of("opsmerge", "timeline", "driftstack", "maintenance")
def test_every_line_of_the_document_behind_it_is_read_on_its_pages(shown: Shown) -> None:
    text, otherwise = shown.everything(), SAID_OTHERWISE[shown.name]
    lines = lines_of(SEEDS[shown.name].read_text(encoding="utf-8"))
    missing = [line for line in lines if line not in text and not line.startswith(tuple(otherwise))]
    assert not missing, "\n".join(missing)


@of("opsmerge", "timeline", "driftstack", "maintenance")
def test_what_is_said_in_other_words_is_read_in_those(shown: Shown) -> None:
    text = shown.everything()
    words = [said for instead in SAID_OTHERWISE[shown.name].values() for said in instead]
    assert [said for said in words if plain(said) not in text] == []


@of("maintenance")
def test_the_window_is_read_as_it_runs(shown: Shown) -> None:
    text = shown.read("/maintenance/")
    for words in (
        "Service Status · HTTP 503 · Maintenance",
        "Scheduled maintenance in progress",
        "Incident reference MNT-2026-0519-a",
        "live · investigating",
        "Region eu-west, us-east",
        "60m scheduled length",
        "so far · on schedule",
        "4 down of 12 total · 8 healthy",
        "Customer impact low read-only mode · most data reachable",
    ):
        assert plain(words) in text
    assert re.search(r"elapsed 1[4-9]m so far", text)
    rows = shown.tab.locator("table.services tbody tr")
    assert rows.count() == len(SERVICES)
    for row, (name, note, state, minutes, regions) in zip(rows.all(), SERVICES, strict=True):
        said = plain(row.inner_text())
        assert said.startswith(plain(f"{name} {note} {state}"))
        assert said.endswith(plain(regions))
        # How soon it is back is rounded up to the minute, and the page may be a minute old by now.
        eta = re.search(r"(\d+) min ", said)
        assert (eta and minutes and minutes - 2 <= int(eta[1]) <= minutes) or (eta is None and minutes is None)


@of("maintenance")
def test_the_steps_of_the_window_stand_in_their_order(shown: Shown) -> None:
    shown.read("/maintenance/")
    steps = shown.tab.locator("ol.steps > li").all()
    assert [
        (step.locator("b").inner_text(), (step.get_attribute("class") or "").split()[-1]) for step in steps
    ] == STEPS


@of("timeline")
def test_the_incident_is_told_newest_first_each_word_with_its_time_and_zone(shown: Shown) -> None:
    shown.read("/incidents/INC-2025-0814-a/")
    entries = shown.tab.locator("ol.timeline > li").all()
    found = [(entry.locator(".chip").inner_text(), entry.locator(".meta a").first.inner_text()) for entry in entries]
    assert [(label, when.split("\n")[0]) for label, when in found] == TIMELINE
    shown.tab.get_by_role("link", name="Read details").click()
    assert shown.tab.url.endswith("/incidents/INC-2025-0814-a/postmortem/")
    assert plain("For almost six hours on 14 August automations were late") in plain(
        shown.tab.locator("main").inner_text()
    )


@of("opsmerge")
def test_the_promises_of_the_ladder_and_of_maintenance_are_read(shown: Shown) -> None:
    text = shown.read("/how-it-works/")
    for words in (
        "Within 15 minutes Every 15 minutes or on material change",
        "more than 30 minutes or with material data impact we publish a postmortem within 5 business days.",
        "without the public holidays of GB",
        "At least 72 hours ahead",
        "Ad-hoc For security patches",
        "We always say why",
        "99.9 %",
        "Counted by 5-minute intervals across each calendar month.",
    ):
        assert plain(words) in text
    front = shown.read("/")
    assert plain("No downtime is expected.") in front
    assert plain("Downtime is expected.") in front


@of("driftstack")
def test_the_ladder_reads_as_a_table(shown: Shown) -> None:
    shown.read("/how-it-works/")
    rows = [plain(row.inner_text()) for row in shown.tab.locator("table.terms tbody tr").all()]
    for name, first, every, afterwards in (
        ("Critical", "Within 15 minutes", "Every 30 minutes", "Postmortem within 7 business days"),
        ("Major", "Within 30 minutes", "Every hour", "Postmortem within 7 business days"),
        ("Minor", "Within 1 hour", "At resolution", "Summary on the resolved entry"),
    ):
        found = [
            row for row in rows if row.startswith(plain(name)) and row.endswith(plain(f"{first} {every} {afterwards}"))
        ]
        assert len(found) == 1, rows
    assert any("at least 48 hours ahead" in row for row in rows)


@of("driftstack")
def test_a_minor_incident_has_its_summary_on_the_entry_and_a_critical_one_its_postmortem(shown: Shown) -> None:
    text = shown.everything()
    assert plain("Summary A cache of the dashboard kept an address") in text
    assert plain("Root cause A schema migration added a column with a computed default") in text
