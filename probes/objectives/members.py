"""The components that promises are about, as reports know them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import OuterRef, Q, Subquery

from components.models import Component
from probes.models import ComponentDay
from probes.series_tally import MEASURED


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A component that the public may see, or could see before it was retired. `rank` is its place on the page."""

    pk: int
    rank: int
    slug: str
    name: str
    group_id: int | None
    retired_at: datetime | None

    def is_there_after(self, moment: datetime) -> bool:
        return self.retired_at is None or self.retired_at > moment


def visible_members(retired_after: datetime) -> dict[int, Member]:
    """In the order of the page; those retired before that moment are left out. One query."""
    rows = Component.objects.filter(is_visible=True).filter(
        Q(retired_at__isnull=True) | Q(retired_at__gt=retired_after)
    )
    columns = rows.order_by("position", "pk").values_list("pk", "slug", "name", "group_id", "retired_at")
    return {
        pk: Member(pk=pk, rank=rank, slug=slug, name=name, group_id=group_id, retired_at=retired_at)
        for rank, (pk, slug, name, group_id, retired_at) in enumerate(columns)
    }


def first_days(component_ids: Collection[int]) -> dict[int, date | None]:
    """The UTC day of each component's first measurement; None where there is none. One query."""
    if not component_ids:
        return {}
    first = ComponentDay.objects.filter(MEASURED, component_id=OuterRef("pk")).order_by("date").values("date")[:1]
    rows = Component.objects.filter(pk__in=component_ids).order_by().annotate(day=Subquery(first))
    return dict(rows.values_list("pk", "day"))


type FirstDays = Mapping[int, date | None]
