"""What the public pages show, as frozen values: templates, JSON and feeds read these and nothing else.

Every datetime is aware and already in the page's time zone, so that its own fields are what a visitor reads; whoever
needs UTC converts it. A private incident has no title of its own, no bodies and no components here: what is not in the
read model cannot leak.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.safestring import SafeString, mark_safe

from components.enums import ComponentStatus
from components.overall import Overall
from probes.objectives.readings import Miss
from statuspage.web.saidmodels import ContentLinks, EvidenceLine

EMPTY = mark_safe("")


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteInfo:
    """What every page of the site says about itself. `url` has no slash at its end."""

    name: str
    url: str
    description: str
    time_zone: str
    zone_name: str
    home_url: str
    support_url: str
    support_email: str
    accepts_reports: bool
    refresh_seconds: int
    public_id: str
    generated_at: datetime
    links: ContentLinks

    @property
    def slo_path(self) -> str:
        """The objectives of the month that runs in the page's zone."""
        return f"/slo/{self.generated_at:%Y-%m}/"

    def absolute_url(self, path: str) -> str:
        return f"{self.url}{path}"

    @property
    def webcal(self) -> str:
        """`url` with the scheme by which a browser hands a calendar to the program that keeps it up to date."""
        return f"webcal://{self.url.partition('://')[2]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """The first thing on the page. `state` is what it is coloured by: never operational while data is stale."""

    overall: Overall
    title: str
    state: ComponentStatus
    checked_at: datetime | None
    stale_since: datetime | None
    open_incidents: int

    @property
    def is_stale(self) -> bool:
        return self.stale_since is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of a component, UTC. `percentage` is floored, None where nothing was measured."""

    date: date
    state: ComponentStatus
    percentage: Decimal | None = None
    coverage: Decimal | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLine:
    """A location and what was found from it. Without a fresh result it is unknown, whatever it said before."""

    location: str
    state: ComponentStatus
    latency_ms: int | None
    checked_at: datetime | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentRow:
    """A component as the lists show it. `slug` is also its key in `/status.json`.

    `state` is unknown where it would be operational but its measurement is overdue. `bars` is ready markup.
    `places` are there where it is measured from more than one.
    """

    slug: str
    name: str
    note: str
    group: str
    state: ComponentStatus
    since: datetime
    detail: str
    latency_ms: int | None
    last_checked_at: datetime | None
    is_stale: bool
    is_measured: bool
    shows_uptime: bool
    days: tuple[Day, ...]
    percentage: Decimal | None
    coverage: Decimal | None
    summary: str
    bars: SafeString
    table: SafeString
    places: tuple[PlaceLine, ...] = ()

    @property
    def path(self) -> str:
        return f"/components/{self.slug}/"

    @property
    def line(self) -> str:
        """The second line: the note and what was measured, the latency where the sentence does not name it."""
        parts = [self.note, self.detail]
        if self.latency_ms is not None and " ms" not in self.detail:
            parts.append(f"{self.latency_ms} ms")
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentBlock:
    """Components under one heading, or under none. What needs attention comes first."""

    slug: str
    name: str
    state: ComponentStatus
    summary: str
    is_open: bool
    rows: tuple[ComponentRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A component an entry speaks of, and what it says."""

    slug: str
    name: str
    state: ComponentStatus
    is_linked: bool

    @property
    def path(self) -> str:
        return f"/components/{self.slug}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactLine:
    """What an update changed about a component. `slug` is empty where the component was deleted since."""

    name: str
    old: ComponentStatus
    new: ComponentStatus
    slug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """One public word. `css` is the colour of its chip; `body` is sanitised HTML, empty when private.

    `root_cause` and `remediation` stand with the last word of an incident whose severity sums up inline. `edited_at`
    is when its words or its time were corrected; `promised` is what it promised of the next one, in words.
    `status` and `markdown` are for programs: the word of the enum, and the source of `body`.
    """

    public_id: str
    label: str
    css: str
    body: SafeString
    at: datetime
    updated_at: datetime
    impacts: tuple[ImpactLine, ...] = ()
    root_cause: SafeString = EMPTY
    remediation: SafeString = EMPTY
    edited_at: datetime | None = None
    promised: str = ""
    status: str = ""
    markdown: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCard:
    """An incident as lists show it. `newest` is its latest word; `css` is how bad it is.

    `postmortem_at` is when its postmortem was published, None before that. `summary` is plain text, of resolved
    incidents whose severity sums up inline. `promise` is how the next update was promised beyond its time, such as
    ", or on material change". `data_impact` is a sentence or empty. `impact`, `root_cause` and `remediation` are for
    programs: the word of the enum, and Markdown.
    """

    public_id: str
    reference: str
    title: str
    severity: str
    severity_name: str
    status: str
    status_label: str
    css: str
    private: bool
    is_open: bool
    started_at: datetime
    contained_at: datetime | None
    resolved_at: datetime | None
    updated_at: datetime
    duration: str
    next_update_due_at: datetime | None
    next_update_in: str
    is_overdue: bool
    components: tuple[Named, ...]
    newest: TimelineEntry | None
    update_count: int
    excerpt: str = ""
    postmortem_at: datetime | None = None
    summary: str = ""
    promise: str = ""
    data_impact: str = ""
    is_retroactive: bool = False
    impact: str = ""
    root_cause: str = ""
    remediation: str = ""

    @property
    def path(self) -> str:
        return f"/incidents/{self.reference}/"

    @property
    def postmortem_path(self) -> str:
        """Empty where none was published."""
        return f"{self.path}postmortem/" if self.postmortem_at else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmortemSection:
    """`key` is the word of programs, such as `root_cause`; `body` is sanitised HTML."""

    key: str
    title: str
    markdown: str
    body: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmortemView:
    """A published postmortem: there is none of a draft. Of a private incident it has no sections."""

    path: str
    published_at: datetime
    edited_at: datetime | None
    sections: tuple[PostmortemSection, ...]

    @property
    def updated_at(self) -> datetime:
        return self.edited_at or self.published_at


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentPage:
    """`also_reported_as` are the references of the duplicates that were merged into it."""

    site: SiteInfo
    card: IncidentCard
    timeline: tuple[TimelineEntry, ...]
    root_cause: SafeString
    remediation: SafeString
    description: str
    is_summed_up_inline: bool = False
    postmortem: PostmortemView | None = None
    evidence: tuple[EvidenceLine, ...] = ()
    also_reported_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PostmortemPage:
    """`/incidents/<reference>/postmortem/`, and its entry in the feeds."""

    site: SiteInfo
    card: IncidentCard
    postmortem: PostmortemView
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceCard:
    """A window. `timing` says where it stands now, `downtime` if any is expected, `progress` how far it is."""

    public_id: str
    reference: str
    title: str
    status: str
    status_label: str
    css: str
    impact_note: str
    scheduled_for: datetime
    scheduled_until: datetime
    started_at: datetime | None
    completed_at: datetime | None
    updated_at: datetime
    timing: str
    is_late: bool
    components: tuple[Named, ...]
    newest: TimelineEntry | None
    update_count: int
    downtime: str = ""
    progress: str = ""

    @property
    def path(self) -> str:
        return f"/maintenance/{self.reference}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenancePage:
    site: SiteInfo
    card: MaintenanceCard
    timeline: tuple[TimelineEntry, ...]
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDays:
    """A day with incidents, or a run of days without any (`last` is then the older end)."""

    first: date
    last: date
    label: str
    incidents: tuple[IncidentCard, ...]
    maintenances: tuple[MaintenanceCard, ...]

    @property
    def is_empty(self) -> bool:
        return not self.incidents and not self.maintenances


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricTile:
    """A live counter. `value` is as people write it; `last_at` is when its newest number is of, None without any."""

    key: str
    name: str
    value: str
    unit: str
    is_stale: bool
    last_at: datetime | None
    chart: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """`/` and its live fragment; `/status.json` is made of it too."""

    site: SiteInfo
    banner: Banner
    open_incidents: tuple[IncidentCard, ...]
    active_maintenance: tuple[MaintenanceCard, ...]
    blocks: tuple[ComponentBlock, ...]
    components: tuple[ComponentRow, ...]
    upcoming_maintenance: tuple[MaintenanceCard, ...]
    past: tuple[PastDays, ...]
    incidents_90_days: tuple[IncidentCard, ...]
    tiles: tuple[MetricTile, ...]
    snapshot: dict[str, int]
    misses: tuple[Miss, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not self.components
