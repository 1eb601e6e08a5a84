"""Whatever is wrong in what a file says: it is refused whole, with file, line, key and what was expected."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine
from django.core.management.base import CommandError

from components.models import Component
from incidents.models import ContentPage, Incident, Maintenance, PostmortemRule
from tests.unit.configuration.conftest import Load
from tests.unit.configuration.texts import EVERYTHING

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with time_machine.travel(datetime(2026, 11, 21, 14, 28, tzinfo=UTC), tick=False):
        yield


MISTAKES = [
    # what is replaced, by what, the key that is named, what is said
    ('"INC-2026-0814-a"\ntitle', '"INC-14-a"\ntitle', "incidents[0].reference", "such as INC-2026-0814-a"),
    ('reference = "INC-2026-0814-a"\n', "", "incidents[0].key", "is missing; expected lower-case"),
    ('key = "db-outage"', 'key = "DB outage"', "incidents[1].key", "expected lower-case"),
    ('key = "db-outage"', 'reference = "INC-2026-0814-a"', "incidents[1].reference", "one of its own: incidents[0]"),
    ('key = "db-outage"', 'reference = "INC-2026-1121-a"\nkey = "x"', "incidents[1].key", "has a reference"),
    ('title = "Requests fail"', "", "incidents[1].title", "is missing"),
    ('title = "Requests fail"', 'titel = "x"', "incidents[1].titel", "did you mean title?"),
    (
        'severity = "critical"\nstarted_at = "now',
        'severity = "huge"\nstarted_at = "now',
        "incidents[1].severity",
        "cri",
    ),
    ('"now-20m"', '"yesterday"', "incidents[1].started_at", "a moment such as"),
    ('"now-20m"', '"now+20m"', "incidents[1].started_at", "a moment that has been"),
    ('"now-20m"', '"now-5m"', "incidents[1].updates[0].at", "not before started_at"),
    ('at = "now-10m"', 'at = "now+10m"', "incidents[1].updates[0].at", "a moment that has been"),
    ('at = "now-10m"', "at = 10", "incidents[1].updates[0].at", "a moment such as"),
    ('"2026-08-15T05:37Z"', '"2026-08-14T12:22Z"', "incidents[0].updates[1].at", "that of the update above it"),
    ('status = "resolved"', 'status = "closed"', "incidents[0].updates[1].status", "one of investigating"),
    ('status = "identified"', 'status = "resolved"', "incidents[0].updates[1].status", "what may follow resolved"),
    ('message = "We are looking."', 'message = " "', "incidents[1].updates[0].message", "a text of 1 to 20,000"),
    ('{ api = "partial_outage" }', '{ web = "partial_outage" }', "incidents[1].updates[0].components.web", "api"),
    ('{ api = "partial_outage" }', '{ api = "unknown" }', "incidents[1].updates[0].components.api", "one of oper"),
    ('{ api = "partial_outage" }', '["api"]', "incidents[1].updates[0].components", "states by component"),
    ('next_update = "1h"', "", "incidents[0].updates[0].promise", "goes with next_update"),
    ('next_update = "1h"', 'next_update = "40d"', "incidents[0].updates[0].next_update", "a duration from 1m to 31d"),
    ('"more_information"', '"soon"', "incidents[0].updates[0].promise", "one of by, on_change, more_information"),
    (
        '[[incidents.updates]]\nstatus = "investigating"',
        '[incidents.updates]\nstatus = "investigating"',
        "incidents[1].updates",
        "written [[incidents.updates]]",
    ),
    ('incident = "INC-2026-0814-a"', 'incident = "INC-1"', "postmortems[0].incident", "one of INC-2026-0814-a, db-"),
    ('"2026-08-21T07:11Z"', '"2026-08-14T07:11Z"', "postmortems[0].published_at", "after the incident's last update"),
    (
        'incident = "INC-2026-0814-a"\npublished_at = "2026-08-21T07:11Z"',
        'incident = "db-outage"\npublished_at = "now-1m"',
        "postmortems[0]",
        "is not over yet",
    ),
    ("prevention =", "preventoin =", "postmortems[0].preventoin", "did you mean prevention?"),
    ('"MNT-2026-1121-a"', '"MNT-1"', "maintenance[0].reference", "a reference such as MNT-"),
    ('until = "now+32m"', 'until = "now-29m"', "maintenance[0].until", "a moment after from"),
    ('from = "now-28m"', "", "maintenance[0].from", "is missing; expected a moment such as"),
    ('started_at = "now-14m"', 'started_at = "now+1m"', "maintenance[0].started_at", "a moment that has been"),
    ('state = "offline"', 'state = "gone"', "maintenance[0].services[0].state", "one of operational, read_only"),
    ('component = "api"', 'component = "web"', "maintenance[0].services[0].component", "one of api"),
    ('eta = "now+12m"', 'eta = "soon"', "maintenance[0].services[0].eta", "a moment such as"),
    ('title = "Smoke tests"', "", "maintenance[0].steps[2].title", "is missing"),
    ('title = "Smoke tests"', 'title = "x"\nstate = "running"', "maintenance[0].steps", "Only one step runs"),
    ('state = "running"', 'state = "stuck"', "maintenance[0].steps[1].state", "one of pending, running"),
    ('impact = "low"', 'impact = "tiny"', "maintenance[0].impact", "one of none, low, medium, high"),
    ('kind = "routine"\nfrom', 'kind = "rare"\nfrom', "maintenance[1].kind", "one of ad-hoc, other, routine, urgent"),
    ('["24h", "1h"]', '["24h", "soon"]', "maintenance[1].reminders", 'durations, such as ["24h", "1h"]'),
    ('["24h", "1h"]', '["90d"]', "maintenance[1].reminders", "at most 60 days before"),
    ('components = ["api"]\nexpects', "expects", "maintenance[1].components", "a list of slugs of components"),
    ("FREQ=MONTHLY;BYDAY=1TU,3TU", "FREQ=HOURLY", "maintenance_series[0].rrule", "FREQ is one of"),
    (
        'rrule = "FREQ=MONTHLY;BYDAY=1TU,3TU"\nfirst_date = "now+4d"',
        'rrule = "FREQ=DAILY"\nfirst_date = "now+1d"',
        "maintenance_series[0].first_date",
        "choose a later first day",
    ),
    ('first_date = "now+4d"', 'first_date = "soon"', "maintenance_series[0].first_date", "a day such as"),
    ('begins = "02:00"', 'begins = "2 am"', "maintenance_series[0].begins", 'such as "02:00"'),
    ('duration = "2h"', "", "maintenance_series[0].duration", "is missing"),
    ('announce_before = "7d"', 'announce_before = "2d"', "maintenance_series[0].announce_before", "at least 72 hours"),
    ('lead_time = "72h"', 'lead_time = "soon"', "policies[0].lead_time", "a duration from 1m"),
    ('lead_time = "72h"', 'due = "5bd"', "policies[0].due", "nothing: the kind maintenance has"),
    ('due = "5bd"', "", "policies[2].due", 'business days, such as "5bd"'),
    ('longer_than = "30m"\ndata_impact = true', "", "policies[2].longer_than", "which incidents"),
    ('kind = "postmortem"', 'kind = "other"', "policies[2].kind", "one of maintenance, postmortem"),
    ('slug = "ad-hoc"', 'slug = "routine"', "policies[1].slug", "another policy of kind maintenance"),
    ('kind = "incident"', 'kind = "poem"', "templates[0].kind", "one of incident, update"),
    ('body = "We see', 'text = "We see', "templates[0].body", "is missing"),
    ('places = ["footer", "report"]', 'places = ["roof"]', "pages[0].places", "footer, incident, report"),
    ('title = "What counts as an incident"', "", "pages[0].title", "is missing"),
    ('postmortem = "7bd"', 'promise = "later"', "severities[0].promise", "one of by, on_change"),
    ('postmortem = "7bd"', "inline_summary = 1", "severities[0].inline_summary", "true or false"),
    ('support_url = "https', 'home_url = "x"\nsupport_url = "https', "page.home_url", "begins with"),
]


@pytest.mark.parametrize(("old", "new", "key", "sentence"), MISTAKES)
def test_a_wrong_key_is_named_with_its_line_and_nothing_is_written(
    load: Load, old: str, new: str, key: str, sentence: str
) -> None:
    assert old in EVERYTHING
    text = EVERYTHING.replace(old, new, 1)
    with pytest.raises(CommandError, match="nothing was changed") as refusal:
        load(text)
    lines = [line for line in str(refusal.value).splitlines() if f": {key}" in line]
    assert lines, str(refusal.value)
    assert re.search(r"/page\.toml:\d+: ", lines[0])
    assert sentence in lines[0]
    for model in (Component, Incident, Maintenance, ContentPage, PostmortemRule):
        assert not model.objects.exists()
