"""What the pages of a maintenance window show, as frozen values. Datetimes are in the page's zone."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from statuspage.web.readmodels import MaintenanceCard, SiteInfo, TimelineEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLine:
    """A service while the window runs. `eta` is in words, `~ 12 min`, and empty where it is up or nothing was said."""

    slug: str
    name: str
    note: str
    state: str
    state_label: str
    css: str
    is_down: bool
    is_linked: bool
    eta: str
    eta_at: datetime | None
    regions: str

    @property
    def path(self) -> str:
        return f"/components/{self.slug}/"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """A step of the work. `at` is when it ended, or began if it runs."""

    title: str
    body: SafeString
    state: str
    state_label: str
    css: str
    at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """How far the window is. `elapsed` and `length` are short, `14m`; `percent` is of the announced length, at most
    100. `is_over_time`: it still runs though its announced end has passed.
    """

    length: str
    elapsed: str
    percent: int
    standing: str
    is_over_time: bool
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPage:
    """`/maintenance/<reference>/`, its live fragment, the 503 page and the file for load balancers.

    `headline` and `standfirst` say it in two lines. `comes_back` is when its series puts the next windows: first and
    last moment of each, empty for a window that stands alone.
    """

    site: SiteInfo
    card: MaintenanceCard
    headline: str
    standfirst: str
    phase: str
    is_running: bool
    takes_platform_down: bool
    clock: Clock
    kind: str
    reason: str
    downtime: str
    regions: tuple[str, ...]
    impact_label: str
    impact_note: str
    services: tuple[ServiceLine, ...]
    steps: tuple[StepLine, ...]
    what_to_do: SafeString
    timeline: tuple[TimelineEntry, ...]
    first_word: SafeString
    description: str
    comes_back: tuple[tuple[datetime, datetime], ...] = ()

    @property
    def down(self) -> int:
        return sum(service.is_down for service in self.services)

    @property
    def healthy(self) -> int:
        return len(self.services) - self.down

    @property
    def live_path(self) -> str:
        return f"/fragments/maintenance/{self.card.reference}/"

    @property
    def offline_path(self) -> str:
        return f"{self.card.path}offline.html"

    @property
    def step_now(self) -> StepLine | None:
        return next((step for step in self.steps if step.state == "running"), None)

    @property
    def steps_done(self) -> int:
        return sum(step.state in {"done", "skipped"} for step in self.steps)
