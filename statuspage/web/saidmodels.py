"""Small frozen values beside `readmodels`: what belongs to an incident, and where staff's own pages are linked."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLink:
    """A page that staff wrote, where it is linked. `title` is plain text."""

    title: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentLinks:
    """The pages that staff wrote, by the place that links them, in their order."""

    footer: tuple[PageLink, ...] = ()
    incident: tuple[PageLink, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceLine:
    """What a probe found: which check and from where, one sentence, and the page that shows the day. `path` may be
    empty. There is none of a private incident."""

    at: datetime
    what: str
    detail: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """An address that leads to another one for good."""

    path: str
    location: str
