"""The terms of promises as the configuration says them: values, compared field by field."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from probes.enums import ObjectiveKind, ObjectiveWindow
from probes.objectives.percent import say_percent


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveTerms:
    """`components` and `groups` are slugs; `since` the first day in the page's zone, None: when first loaded."""

    slug: str
    name: str
    kind: ObjectiveKind
    components: tuple[str, ...]
    groups: tuple[str, ...]
    window: ObjectiveWindow
    target: Decimal | None
    percentile: int | None
    limit: timedelta | None
    publish_after: timedelta
    say: str
    since: date | None

    def binding(self) -> dict[str, Any]:
        """What is judged by: changed, it is another promise."""
        return {
            "kind": self.kind.value,
            "components": sorted(self.components),
            "groups": sorted(self.groups),
            "window": self.window.value,
            "target": None if self.target is None else say_percent(self.target),
            "percentile": self.percentile,
            "limit": self.limit,
        }

    def wording(self) -> dict[str, Any]:
        """What may change without changing the promise."""
        return {"name": self.name, "say": self.say, "publish_after": self.publish_after}


@dataclass(frozen=True, slots=True, kw_only=True)
class TierTerms:
    """`bands` are (below, credit) in per cent, the highest bound first."""

    slug: str
    name: str
    target: Decimal
    bands: tuple[tuple[Decimal, Decimal], ...]

    def said(self) -> str:
        """In one line: `TEAM (Team) 99.9 %, below 99.9 %: 10 %`."""
        bands = "".join(f", below {say_percent(below)}: {say_percent(credit)}" for below, credit in self.bands)
        return f"{self.slug} ({self.name}) {say_percent(self.target)}{bands}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaTerms:
    name: str
    text: str
    dispute: str
    components: tuple[str, ...]
    window: ObjectiveWindow
    tiers: tuple[TierTerms, ...]
    since: date | None

    def binding(self) -> dict[str, Any]:
        return {
            "components": sorted(self.components),
            "window": self.window.value,
            "tiers": [tier.said() for tier in self.tiers],
        }

    def wording(self) -> dict[str, Any]:
        return {"name": self.name, "text": self.text, "dispute": self.dispute}
