"""The page, its components, groups and regions in the console."""

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import admin
from django.db.models import Count, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from components.admin_base import ModelForm, PageTouchingAdmin, ReadOnlyAdmin, RetiredFilter, TabularInline, chip
from components.enums import ClaimSource, ComponentStatus
from components.models import Component, Group, Page, Region, StatusChange, StatusClaim
from components.services import set_staff_status
from statuspage.core.business_days import check_country
from statuspage.core.errors import ValidationFailed

FROM_FILE = "A configuration file sets this again when it is loaded."
LONGEST_REFRESH_SECONDS = 3600
CHANGES_SHOWN = 10
LEFT_TO_MEASUREMENT = ("", "Left to measurement")


class PageForm(ModelForm[Page]):
    class Meta:
        model = Page
        fields = (
            "name",
            "url",
            "time_zone",
            "description",
            "support_url",
            "support_email",
            "refresh_seconds",
            "holidays",
        )

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise forms.ValidationError(
                "%(name)s is no IANA time zone; expected one such as Europe/London.", params={"name": name}
            ) from None
        return name

    def clean_holidays(self) -> str:
        code: str = self.cleaned_data["holidays"].strip()
        try:
            check_country(code)
        except ValidationFailed as error:
            raise forms.ValidationError(error.sentence) from None
        return code

    def clean_refresh_seconds(self) -> int:
        seconds: int = self.cleaned_data["refresh_seconds"]
        if not 5 <= seconds <= LONGEST_REFRESH_SECONDS:
            raise forms.ValidationError("Expected 5 to 3600 seconds.")
        return seconds


@admin.register(Page)
class PageAdmin(PageTouchingAdmin[Page]):
    """One row: the list leads straight to it."""

    form = PageForm

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:components_page_change", args=[Page.current().pk]))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Page | None = None) -> bool:
        return False


class ClaimInline(TabularInline[StatusClaim, Component]):
    """Who says what now. The worst of it is what visitors see."""

    model = StatusClaim
    fields = readonly_fields = ("source", "says", "cause", "since")
    verbose_name_plural = "what is said now"
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="Status")
    def says(self, claim: StatusClaim) -> SafeString:
        return chip(ComponentStatus(claim.status))


class ComponentForm(ModelForm[Component]):
    staff_status = forms.ChoiceField(
        label="Status by hand",
        required=False,
        choices=[
            LEFT_TO_MEASUREMENT,
            *((status.value, status.label) for status in ComponentStatus if status is not ComponentStatus.UNKNOWN),
        ],
        help_text="Probes and incidents may say worse: visitors see the worst. Take it back when it is over.",
    )

    class Meta:
        model = Component
        fields = (
            "name",
            "slug",
            "note",
            "group",
            "regions",
            "position",
            "is_visible",
            "only_show_if_degraded",
            "showcase",
            "start_date",
        )
        widgets = {"regions": forms.CheckboxSelectMultiple}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and "staff_status" in self.fields:
            claim = self.instance.claims.filter(source=ClaimSource.STAFF).first()
            self.fields["staff_status"].initial = claim.status if claim else ""


@admin.register(Component)
class ComponentAdmin(PageTouchingAdmin[Component]):
    form = ComponentForm
    list_display = ("name", "status_chip", "by_hand", "group", "slug", "status_since", "is_visible")
    list_filter = ("status", "group", "regions", "is_visible", RetiredFilter)
    list_select_related = ("group",)
    list_per_page = 100
    search_fields = ("name", "slug", "note")
    ordering = ("position", "pk")
    inlines = (ClaimInline,)
    readonly_fields = ("status_chip", "recent_changes")
    fieldsets = (
        ("Status", {"fields": ("status_chip", "staff_status", "recent_changes")}),
        (
            "Description",
            {"fields": ("name", "slug", "note", "group", "regions", "position"), "description": FROM_FILE},
        ),
        ("On the page", {"fields": ("is_visible", "only_show_if_degraded", "showcase", "start_date")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Component]:
        by_hand = Prefetch("claims", StatusClaim.objects.filter(source=ClaimSource.STAFF), to_attr="staff_claims")
        return super().get_queryset(request).prefetch_related(by_hand)

    def get_readonly_fields(self, request: HttpRequest, obj: Component | None = None) -> tuple[str, ...]:
        """The slug is in links and in the configuration."""
        return ("status_chip", "recent_changes", "slug") if obj else ("status_chip", "recent_changes")

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if "staff_status" in form.changed_data:
            word = form.cleaned_data["staff_status"]
            set_staff_status(
                component=form.instance,
                status=ComponentStatus(word) if word else None,
                actor=request.user.get_username(),
            )
        super().save_related(request, form, formsets, change)

    def has_delete_permission(self, request: HttpRequest, obj: Component | None = None) -> bool:
        """Its history would go with it: load_config --prune retires it instead."""
        return False

    @admin.display(description="Status", ordering="status")
    def status_chip(self, component: Component) -> SafeString:
        return chip(component.state)

    @admin.display(description="By hand", empty_value="–")
    def by_hand(self, component: Component) -> str | None:
        claims: list[StatusClaim] = getattr(component, "staff_claims", [])
        return ComponentStatus(claims[0].status).label if claims else None

    @admin.display(description="Last changes")
    def recent_changes(self, component: Component) -> str:
        changes = list(component.status_changes.all()[:CHANGES_SHOWN]) if component.pk else []
        if not changes:
            return "none yet"
        rows = format_html_join(
            "",
            "<li>{} UTC: {} → {}{}</li>",
            (
                (
                    f"{change.at:%Y-%m-%d %H:%M}",
                    ComponentStatus(change.old_status).label,
                    ComponentStatus(change.new_status).label,
                    f", {change.cause}" if change.cause else "",
                )
                for change in changes
            ),
        )
        everything = f"{reverse('admin:components_statuschange_changelist')}?component__id__exact={component.pk}"
        return format_html('<ul class="log">{}</ul><a href="{}">The whole log</a>', rows, everything)


@admin.register(Group)
class GroupAdmin(PageTouchingAdmin[Group]):
    list_display = ("name", "slug", "position", "component_count")
    search_fields = ("name", "slug")
    ordering = ("position", "pk")
    fields = ("name", "slug", "position")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        return super().get_queryset(request).annotate(number=Count("components"))

    @admin.display(description="Components", ordering="number")
    def component_count(self, group: Group) -> int:
        return int(getattr(group, "number", 0))


@admin.register(Region)
class RegionAdmin(PageTouchingAdmin[Region]):
    list_display = ("name", "slug")
    search_fields = ("name", "slug")


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin[StatusChange]):
    """The log. Never edited."""

    list_display = ("at", "component", "was", "became", "source", "cause")
    list_filter = ("source", "new_status", "component")
    list_select_related = ("component",)
    search_fields = ("component__name", "component__slug", "cause")
    date_hierarchy = "at"

    @admin.display(description="Was", ordering="old_status")
    def was(self, change: StatusChange) -> SafeString:
        return chip(ComponentStatus(change.old_status))

    @admin.display(description="Became", ordering="new_status")
    def became(self, change: StatusChange) -> SafeString:
        return chip(ComponentStatus(change.new_status))
