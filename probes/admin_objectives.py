"""What is promised, in the console: to be looked at. It comes from the configuration."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin
from probes.enums import ObjectiveKind, ObjectiveWindow
from probes.models import Objective, SlaPolicy
from probes.objectives.percent import say_percent
from probes.objectives.services import terms_of
from probes.objectives.wording import promise_in_words

NOTHING = "–"


class InForceFilter(admin.SimpleListFilter):
    """What is promised now, unless one asks for what was."""

    title = "in force"
    parameter_name = "in_force"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("ended", "Ended"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(ended_at__isnull=self.value() != "ended")

    def choices(self, changelist: Any) -> Any:
        """The first choice is no choice: say what it means."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "Now"}
        yield from others


@admin.register(Objective)
class ObjectiveAdmin(ReadOnlyAdmin[Objective]):
    list_display = ("name", "promise", "about", "kind", "window", "started_at", "ended_at")
    list_filter = (InForceFilter, "kind", "window")
    search_fields = ("name", "slug")
    fields = (
        *("name", "slug", "kind", "promise", "about", "say", "window", "publish_after"),
        *("started_at", "ended_at"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Objective]:
        return super().get_queryset(request).prefetch_related("components", "groups")

    @admin.display(description="Promise")
    def promise(self, objective: Objective) -> str:
        return promise_in_words(
            ObjectiveKind(objective.kind),
            ObjectiveWindow(objective.window),
            target=objective.target,
            percentile=objective.percentile,
            limit=objective.limit,
            say=objective.say,
        )

    @admin.display(description="Components and groups")
    def about(self, objective: Objective) -> str:
        terms = terms_of(objective)
        return ", ".join([*terms.components, *terms.groups]) or NOTHING


@admin.register(SlaPolicy)
class SlaPolicyAdmin(ReadOnlyAdmin[SlaPolicy]):
    list_display = ("name", "about", "window", "started_at", "ended_at")
    list_filter = (InForceFilter,)
    fields = ("name", "text", "dispute", "about", "window", "tiers_shown", "started_at", "ended_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[SlaPolicy]:
        return super().get_queryset(request).prefetch_related("components", "tiers__bands")

    @admin.display(description="Components")
    def about(self, policy: SlaPolicy) -> str:
        return ", ".join(component.name for component in policy.components.all()) or "all that are shown"

    @admin.display(description="Tiers and credits")
    def tiers_shown(self, policy: SlaPolicy) -> SafeString:
        rows = (
            (
                tier.name,
                tier.slug,
                say_percent(tier.target),
                "; ".join(f"below {say_percent(band.below)}: {say_percent(band.credit)}" for band in tier.bands.all())
                or "no credit",
            )
            for tier in policy.tiers.all()
        )
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} ({}): {}; {}</li>", rows))
