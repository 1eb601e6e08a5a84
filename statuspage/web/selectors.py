"""From rows to read models, in a number of queries that does not grow with the history."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError

from components.enums import ComponentStatus
from components.models import Page
from components.overall import Overall, overall_state
from incidents.enums import IncidentStatus, MaintenanceStatus
from probes.metrics.selectors import snapshot
from statuspage.core import clock
from statuspage.web.content_links import content_links
from statuspage.web.facts import (
    PAST_DAYS,
    Facts,
    read_facts,
)
from statuspage.web.pages import cards
from statuspage.web.pages.cards import Reader
from statuspage.web.pages.component_rows import component_blocks, component_rows
from statuspage.web.pages.metric_tiles import metric_tiles
from statuspage.web.pages.past import past_days
from statuspage.web.readmodels import (
    Banner,
    ComponentRow,
    HomePage,
    IncidentCard,
    MaintenanceCard,
    SiteInfo,
)

OPERATIONAL = ComponentStatus.OPERATIONAL
RUNNING = {MaintenanceStatus.IN_PROGRESS, MaintenanceStatus.VERIFYING}


def site_info() -> SiteInfo:
    """What every page needs to know about the site. One query, and that of its links once a version."""
    return site_of(Page.current(), clock.now())


def site_info_or_none() -> SiteInfo | None:
    """For error pages: they are shown whatever the database says. The queries of `site_info`."""
    try:
        return site_info()
    except DatabaseError:
        return None


def site_of(page: Page, now: datetime) -> SiteInfo:
    """No query, and one of its links once a version of the page."""
    local = now.astimezone(page.zone)
    return SiteInfo(
        name=page.name,
        url=page.url.rstrip("/"),
        description=page.description,
        time_zone=page.time_zone,
        zone_name=local.tzname() or "UTC",
        home_url=page.home_url,
        support_url=page.support_url,
        support_email=page.support_email,
        accepts_reports=page.accepts_reports,
        refresh_seconds=page.refresh_seconds,
        public_id=page.public_id,
        generated_at=local,
        links=content_links(page),
    )


def reader_of(facts: Facts) -> Reader:
    return Reader(now=facts.now, zone=facts.page.zone)


def home_page() -> HomePage:
    """The queries of the facts, see `read_facts`."""
    return home_of(read_facts())


def home_of(facts: Facts) -> HomePage:
    """No query."""
    reader = reader_of(facts)
    rows = component_rows(facts, reader)
    incidents = incident_cards(facts, reader)
    windows = maintenance_cards(facts, reader)
    open_incidents = tuple(card for card in incidents if card.is_open)
    upcoming = [card for card in windows if card.status == MaintenanceStatus.SCHEDULED]
    since = facts.dates[0]
    return HomePage(
        site=site_of(facts.page, facts.now),
        banner=_banner(facts, reader, rows, open_incidents),
        open_incidents=tuple(sorted(open_incidents, key=lambda card: _badness(card.css))),
        active_maintenance=tuple(card for card in windows if card.status in RUNNING),
        blocks=component_blocks(facts, rows),
        components=rows,
        upcoming_maintenance=tuple(sorted(upcoming, key=lambda card: card.scheduled_for)),
        past=past_days(
            first=(reader.local(facts.now) - timedelta(days=PAST_DAYS)).date(),
            today=reader.local(facts.now).date(),
            incidents=incidents,
            maintenances=windows,
        ),
        incidents_90_days=tuple(
            card for card in incidents if card.is_open or (card.resolved_at or card.started_at).date() >= since
        ),
        tiles=metric_tiles(facts.tiles, reader),
        misses=facts.misses,
        snapshot=snapshot(facts.tiles),
    )


def _badness(css: str) -> int:
    return ("down", "part", "slow").index(css) if css in {"down", "part", "slow"} else 3


def _banner(
    facts: Facts, reader: Reader, rows: Sequence[ComponentRow], open_incidents: Sequence[IncidentCard]
) -> Banner:
    overall = overall_state(row.state for row in rows)
    freshness = facts.freshness
    stale_since = None
    if freshness.is_stale:
        checked = freshness.last_result_at
        stale_since = reader.local(checked) if checked else reader.local(facts.now)
    is_open = overall.status is OPERATIONAL and any(_is_trouble(card) for card in open_incidents)
    return Banner(
        overall=overall,
        title="Incident in progress" if is_open else _banner_title(overall, is_stale=stale_since is not None),
        state=_banner_state(overall.status, is_open=is_open, is_stale=stale_since is not None),
        checked_at=reader.maybe(freshness.last_result_at),
        stale_since=stale_since,
        open_incidents=len(open_incidents),
    )


def _is_trouble(card: IncidentCard) -> bool:
    """Not contained yet, and worth a word: it may name no component, or a private one does not say which."""
    return card.css != "none" and card.status in {IncidentStatus.INVESTIGATING, IncidentStatus.IDENTIFIED}


def _banner_state(status: ComponentStatus, *, is_open: bool, is_stale: bool) -> ComponentStatus:
    if is_open:
        return ComponentStatus.DEGRADED_PERFORMANCE
    return ComponentStatus.UNKNOWN if is_stale and status is OPERATIONAL else status


def _banner_title(overall: Overall, *, is_stale: bool) -> str:
    """An outage is said whatever we measure; "operational" is not when nobody looked."""
    if is_stale and overall.status.rank <= 0:
        return "Monitoring data is stale"
    return overall.description


def incident_cards(facts: Facts, reader: Reader) -> tuple[IncidentCard, ...]:
    """Those of the last 90 days, the open ones and the newest, newest first. No query."""
    return tuple(
        cards.incident_card(
            incident,
            reader,
            updates=facts.updates.get(incident.pk, []),
            affected=facts.affected.get(incident.pk, []),
        )
        for incident in facts.incidents
    )


def maintenance_cards(facts: Facts, reader: Reader) -> tuple[MaintenanceCard, ...]:
    """Newest window first. No query."""
    return tuple(
        cards.maintenance_card(
            row,
            reader,
            updates=facts.maintenance_updates.get(row.pk, []),
            components=facts.maintenance_components.get(row.pk, []),
            plan=facts.plans.get(row.pk),
        )
        for row in facts.maintenances
    )
