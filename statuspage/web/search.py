"""Searching the history: incidents by words of titles and updates, by component and by severity.

Private incidents have no public words and no public components: they are found by their severity alone. The database
compares, in the same way on both: upper and lower case of any script are the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import and_
from re import escape
from typing import Any
from urllib.parse import urlencode

from django.db import connection
from django.db.models import Case, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When, Window
from django.db.models.functions import RowNumber

from components.models import Component, Page
from incidents.models import AffectedComponent, Incident, IncidentUpdate, SeverityPolicy
from statuspage.core import clock
from statuspage.core.errors import ValidationFailed
from statuspage.core.markdown import markdown_to_text
from statuspage.core.text import FORBIDDEN, clean_line
from statuspage.web.pages import cards
from statuspage.web.pages.cards import Reader
from statuspage.web.readmodels import IncidentCard, SiteInfo
from statuspage.web.selectors import site_of

PATH = "/history/"
# What makes of `/history/` a search; `page` alone does not.
PARAMETERS = ("q", "component", "severity")
LONGEST_QUERY = 100
MOST_WORDS = 8
PER_PAGE = 20
MOST_PAGES = 50
EXCERPT, BEFORE = 200, 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A line of a select."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchForm:
    """What can be chosen, and what was. `q` is as it was typed, cut."""

    severities: tuple[Choice, ...]
    components: tuple[Choice, ...]
    gone: tuple[Choice, ...]
    q: str = ""
    component: str = ""
    severity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A search that can be made. `component` and `severity` are slugs that exist, or empty; `page` counts from 1."""

    words: tuple[str, ...]
    component: str
    severity: str
    page: int

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.component or self.severity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An incident, and the update that has the words; without one `path` leads to the incident itself."""

    card: IncidentCard
    path: str
    label: str = ""
    at: datetime | None = None
    excerpt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    """`asked` is what was searched for, in words. `problem` says why nothing was searched."""

    site: SiteInfo
    form: SearchForm
    asked: str
    problem: str = ""
    hits: tuple[Hit, ...] = ()
    number: int = 1
    newer: str = ""
    older: str = ""
    is_cut: bool = False


def search_form(query: Mapping[str, str] | None = None) -> SearchForm:
    """The form with what was typed in it. Two queries."""
    said = query or {}
    components = Component.objects.filter(is_visible=True).order_by("position", "name", "pk")
    names = [(Choice(slug=row.slug, name=row.name), row.retired_at is None) for row in components]
    return SearchForm(
        severities=tuple(Choice(slug=row.slug, name=row.name) for row in SeverityPolicy.objects.all()),
        components=tuple(choice for choice, is_here in names if is_here),
        gone=tuple(choice for choice, is_here in names if not is_here),
        q=clean_line(said.get("q", ""))[: LONGEST_QUERY * 2],
        component=said.get("component", ""),
        severity=said.get("severity", ""),
    )


def read_asked(query: Mapping[str, str], form: SearchForm) -> Asked:
    """Raises ValidationFailed with a sentence about what cannot be searched for."""
    typed = query.get("q", "")
    if FORBIDDEN.search(typed):
        raise ValidationFailed("q", "There is a character in the search that no text here has. Type the words anew.")
    text = clean_line(typed)
    if len(text) > LONGEST_QUERY:
        raise ValidationFailed("q", f"Search for at most {LONGEST_QUERY} characters: a word or two find more.")
    words = tuple(dict.fromkeys(text.split()))
    if len(words) > MOST_WORDS:
        raise ValidationFailed("q", f"Search for at most {MOST_WORDS} words at once.")
    if form.component and form.component not in {choice.slug for choice in (*form.components, *form.gone)}:
        raise ValidationFailed("component", "There is no such component. Choose one from the list.")
    if form.severity and form.severity not in {choice.slug for choice in form.severities}:
        raise ValidationFailed("severity", "There is no such severity. Choose one from the list.")
    number = query.get("page", "1")
    if not (number.isascii() and number.isdigit() and len(number) < 4 and 1 <= int(number) <= MOST_PAGES):
        raise ValidationFailed("page", f"There is no such page of results: they are counted from 1 to {MOST_PAGES}.")
    return Asked(words=words, component=form.component, severity=form.severity, page=int(number))


def search_page(query: Mapping[str, str]) -> SearchPage:
    """What was found, newest first, or why nothing was searched. Five queries at most."""
    page, now = Page.current(), clock.now()
    site, form = site_of(page, now), search_form(query)
    try:
        asked = read_asked(query, form)
    except ValidationFailed as error:
        return SearchPage(site=site, form=form, asked="", problem=error.sentence)
    first = (asked.page - 1) * PER_PAGE
    rows = list(_incidents(asked)[first : first + PER_PAGE + 1])
    has_more = len(rows) > PER_PAGE
    return SearchPage(
        site=site,
        form=form,
        asked=_in_words(asked, form),
        hits=_hits(rows[:PER_PAGE], asked, Reader(now=now, zone=page.zone)),
        number=asked.page,
        newer=_path(asked, asked.page - 1) if asked.page > 1 else "",
        older=_path(asked, asked.page + 1) if has_more and asked.page < MOST_PAGES else "",
        is_cut=has_more and asked.page == MOST_PAGES,
    )


def _incidents(asked: Asked) -> QuerySet[Incident]:
    """Newest first. Each word stands in the title or in an update; whatever is private has neither here."""
    rows = Incident.objects.shown().select_related("severity").newest_first()
    if asked.severity:
        rows = rows.filter(severity__slug=asked.severity)
    if asked.words or asked.component:
        rows = rows.filter(private=False)
    if asked.component:
        affected = AffectedComponent.objects.filter(incident=OuterRef("pk"), component__slug=asked.component)
        rows = rows.filter(Exists(affected))
    if asked.words:
        said = reduce(and_, (_said(word) for word in asked.words))
        rows = rows.filter(said | _is_called(" ".join(asked.words)))
    return rows


def _said(word: str) -> Q:
    updates = IncidentUpdate.objects.filter(has("body", word), incident=OuterRef("pk"))
    return has("title", word) | Q(Exists(updates))


def _is_called(reference: str) -> Q:
    """Its own reference, or one of a duplicate that was merged into it."""
    duplicates = Incident.objects.filter(merged_into=OuterRef("pk"), reference__iexact=reference)
    return Q(reference__iexact=reference) | Q(Exists(duplicates))


def has(column: str, word: str) -> Q:
    """Whether the column has the word somewhere, in any case.

    SQLite's LIKE folds ASCII alone, so there the comparison is Python's.
    """
    if connection.vendor == "sqlite":
        return Q(**{f"{column}__iregex": escape(word)})
    return Q(**{f"{column}__icontains": word})


def _hits(rows: Sequence[Incident], asked: Asked, reader: Reader) -> tuple[Hit, ...]:
    """One query where words were searched."""
    said = _best_updates([row.pk for row in rows if not row.private], asked.words) if asked.words else {}
    return tuple(_hit(row, said.get(row.pk), asked.words, reader) for row in rows)


def _best_updates(incident_ids: Sequence[int], words: Sequence[str]) -> dict[int, IncidentUpdate]:
    """Of each incident the update with the most of the words, the newest of these. One query."""
    counted: Any = Value(0)
    for word in words:
        counted = counted + Case(When(has("body", word), then=1), default=0, output_field=IntegerField())
    order = [F("counted").desc(), F("display_at").desc(), F("pk").desc()]
    rows = (
        IncidentUpdate.objects.filter(incident__in=incident_ids, incident__private=False)
        .annotate(counted=counted)
        .filter(counted__gt=0)
        .annotate(number=Window(RowNumber(), partition_by=[F("incident")], order_by=order))
        .filter(number=1)
    )
    return {row.incident_id: row for row in rows}


def _hit(incident: Incident, update: IncidentUpdate | None, words: Sequence[str], reader: Reader) -> Hit:
    card = cards.incident_card(incident, reader, updates=[], affected=[])
    if update is None or incident.private:
        return Hit(card=card, path=card.path)
    return Hit(
        card=card,
        path=f"{card.path}#u-{update.public_id}",
        label=update.label,
        at=reader.local(update.display_at),
        excerpt=excerpt_around(markdown_to_text(update.body), words),
    )


def excerpt_around(text: str, words: Sequence[str]) -> str:
    """Two hundred characters with the first of the words in them, cut between words. Pure."""
    lowered = text.lower()
    places = [place for place in (lowered.find(word.lower()) for word in words) if place >= 0]
    begin = max(0, min(places, default=0) - BEFORE)
    if begin:
        begin = text.find(" ", begin) + 1 or begin
    end = begin + EXCERPT
    if end < len(text):
        end = max(text.rfind(" ", begin + BEFORE, end), begin + BEFORE)
    return f"{'… ' if begin else ''}{text[begin:end]}{' …' if end < len(text) else ''}"


def _in_words(asked: Asked, form: SearchForm) -> str:
    """`“disk full” in incidents of API, severity Major`."""
    names = {choice.slug: choice.name for choice in (*form.components, *form.gone)}
    severities = {choice.slug: choice.name for choice in form.severities}
    parts = [f"“{' '.join(asked.words)}”"] if asked.words else []
    parts += [names[asked.component]] if asked.component else []
    parts += [f"severity {severities[asked.severity]}"] if asked.severity else []
    return ", ".join(parts)


def _path(asked: Asked, number: int) -> str:
    said = {"q": " ".join(asked.words), "component": asked.component, "severity": asked.severity}
    said["page"] = str(number) if number > 1 else ""
    return f"{PATH}?{urlencode({name: value for name, value in said.items() if value})}"
