"""Whoever takes the CSVs that stand beside a figure of the monthly page, and counts, finds that figure. Always."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from components.models import Component
from probes.enums import ObjectiveWindow
from probes.models import Probe, SlaPolicy, SlaTier
from statuspage.web.pages.slo import SloPage, slo_page
from tests.unit.web.api.conftest import NOW, make_probe, october, promise, states_of, write_day

# What an interval of several components counts as: the first of these that any of them has.
FIRST_OF = ("bad", "left_out", "unknown", "good")
NBSP = "\N{NO-BREAK SPACE}"
# 00:00 to 00:45 is bad.
BAD_MORNING = states_of(bad=9)
IN_A_BAD_SLOT = datetime(2026, 10, 10, 0, 2, 30, tzinfo=UTC)


def page_of(month: str = "2026-10") -> SloPage:
    page = slo_page(month)
    assert page is not None
    return page


def counted(links: tuple[tuple[str, str], ...]) -> tuple[str, str]:
    """Availability and coverage as the page writes them, from nothing but the linked files."""
    intervals: dict[str, set[str]] = {}
    for _, path in links:
        response = Client().get(path)
        assert response.status_code == 200, response.content
        for row in csv.DictReader(io.StringIO(response.content.decode())):
            intervals.setdefault(row["interval_start"], set()).add(row["counts_as"])
    words = [next(word for word in FIRST_OF if word in found) for found in intervals.values()]
    good, bad, unknown = (words.count(word) for word in ("good", "bad", "unknown"))
    return _per_cent(good, good + bad), _per_cent(good + bad, good + bad + unknown)


def _per_cent(part: int, whole: int) -> str:
    floored = Decimal(10_000 * part // whole) / 100
    return f"{floored:f}{NBSP}%"


def plain(figure: str) -> str:
    """`99.90 %` and `99.9 %` are the same."""
    return f"{Decimal(figure.removesuffix(f'{NBSP}%')).normalize():f}{NBSP}%"


def assert_countable(links: tuple[tuple[str, str], ...], figure: str, coverage: str) -> None:
    assert links
    assert tuple(map(plain, counted(links))) == (plain(figure), plain(coverage))


@pytest.mark.parametrize(
    "held",
    [
        pytest.param({}, id="all month"),
        pytest.param({"started_at": IN_A_BAD_SLOT}, id="begins in a bad interval"),
        pytest.param({"started_at": IN_A_BAD_SLOT - timedelta(seconds=150)}, id="begins with a bad interval"),
        pytest.param({"ended_at": IN_A_BAD_SLOT}, id="ends in a bad interval"),
        pytest.param({"window": ObjectiveWindow.ROLLING_30D}, id="thirty days"),
        pytest.param(
            {"window": ObjectiveWindow.ROLLING_30D, "started_at": IN_A_BAD_SLOT}, id="thirty days, begins late"
        ),
    ],
)
def test_a_figure_is_counted_again_from_its_own_csv(probe: Probe, held: dict[str, Any]) -> None:
    october(probe, d01=states_of(bad=7), d10=BAD_MORNING, d20=states_of(unknown=5, maintenance=3, excluded=2, bad=1))
    promise(probe.component, **held)
    (card,) = page_of().cards
    assert_countable(card.intervals, card.figure, card.coverage)


def test_the_running_month_is_counted_up_to_now(probe: Probe) -> None:
    write_day(probe, date(2026, 11, 20), BAD_MORNING)
    # 12:00 to 12:05 runs, and nothing is known of it yet.
    write_day(probe, date(2026, 11, 21), states_of(bad=4, good=140, unknown=144))
    for window in ObjectiveWindow:
        promise(probe.component, slug=window.value, window=window, started_at=NOW - timedelta(days=1, hours=12))
    cards = page_of("2026-11").cards
    assert len(cards) == 2
    for card in cards:
        assert_countable(card.intervals, card.figure, card.coverage)


def test_several_components_are_counted_together_until_one_is_retired(probe: Probe) -> None:
    other = make_probe(Component.objects.create(slug="web", name="Website", position=2), "web-http")
    october(probe, d10=BAD_MORNING, d12=states_of(maintenance=4))
    october(other, d10=states_of(maintenance=20), d12=BAD_MORNING, d20=states_of(bad=200))
    Component.objects.filter(pk=other.component_id).update(retired_at=datetime(2026, 10, 20, 0, 7, tzinfo=UTC))
    promise(probe.component, other.component, started_at=IN_A_BAD_SLOT)
    (card,) = page_of().cards
    assert [name for name, _ in card.intervals] == ["API gateway", "Website"]
    assert_countable(card.intervals, card.figure, card.coverage)
    for (_, path), part in zip(card.intervals, card.parts, strict=True):
        assert_countable((("", path),), part.figure, part.coverage)


def test_the_sla_is_counted_again_too(probe: Probe) -> None:
    october(probe, d10=BAD_MORNING)
    policy = SlaPolicy.objects.create(name="SLA", started_at=IN_A_BAD_SLOT)
    SlaTier.objects.create(policy=policy, slug="TEAM", name="Team", target=Decimal("99.9"))
    sla = page_of().sla
    assert sla is not None
    assert_countable(sla.intervals, sla.figure, sla.coverage)


def test_the_json_names_the_same_window(client: Client, probe: Probe) -> None:
    """Its `windowStart` and `windowEnd` as `from` and `to` give the intervals that its counts are the sums of."""
    october(probe, d10=BAD_MORNING)
    promise(probe.component, started_at=IN_A_BAD_SLOT)
    (said,) = client.get("/v1/status/slo", {"month": "2026-10"}).json()["data"]["objectives"]
    assert said["windowStart"] == "2026-10-10T00:05:00Z"
    query = {"component": "api", "from": said["windowStart"], "to": said["windowEnd"]}
    counted = client.get("/v1/status/intervals.json", query).json()["data"]
    assert counted["bad"] == 8
    keys = ("good", "bad", "excluded", "unknown", "availability", "coverage")
    assert {key: counted[key] for key in keys} == {key: said[key] for key in keys}


def test_the_page_says_when_a_promise_began_and_links_its_own_intervals(client: Client, probe: Probe) -> None:
    october(probe, d10=BAD_MORNING)
    promise(probe.component, started_at=IN_A_BAD_SLOT)
    html = client.get("/slo/2026-10/").content.decode()
    assert "Counted from 10 October 2026, 00:05 UTC." in html
    window = "from=2026-10-10T00:05:00Z&amp;to=2026-11-01T00:00:00Z"
    assert f'href="/v1/status/intervals.csv?component=api&amp;{window}"' in html
    assert "intervals.csv?component=api&amp;month=" not in html
