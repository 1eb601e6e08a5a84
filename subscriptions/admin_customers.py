"""The list of customers in the console. It comes from outside: `manage.py customers import`."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin
from statuspage.core.errors import InvalidTransition
from subscriptions.customers import lift_suppression
from subscriptions.models import Customer


class ListedFilter(admin.SimpleListFilter):
    """Who is on the list, unless one asks for the rest."""

    title = "list"
    parameter_name = "listed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("suppressed", "Gets no mail"), ("removed", "Taken off"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        if self.value() == "all":
            return queryset
        if self.value() == "removed":
            return queryset.filter(removed_at__isnull=False)
        listed = queryset.filter(removed_at__isnull=True)
        return listed.filter(suppressed_at__isnull=False) if self.value() == "suppressed" else listed

    def choices(self, changelist: Any) -> Any:
        """The first choice is no choice: say what it means."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "On the list"}
        yield from others


@admin.register(Customer)
class CustomerAdmin(ReadOnlyAdmin[Customer]):
    list_display = ("email", "name", "state_chip", "created_at", "suppressed_reason")
    list_filter = (ListedFilter,)
    list_per_page = 100
    search_fields = ("email", "name")
    search_help_text = "Address or name"
    ordering = ("email",)
    actions = ("lift",)
    fields = (
        "email",
        "name",
        "state_chip",
        "created_at",
        "removed_at",
        "suppressed_at",
        "suppressed_reason",
        "public_id",
    )

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        reachable = Customer.objects.reachable().count()
        title = {"title": f"Customers: a mail to all of them goes to {reachable:,}"}
        return super().changelist_view(request, title | (extra_context or {}))

    def has_lift_permission(self, request: HttpRequest) -> bool:
        """The list is another system's; whether to try an address again is whoever's may change customers."""
        return request.user.has_perm("subscriptions.change_customer")

    @admin.action(description="Write to them again: their address works", permissions=["lift"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Customer]) -> None:
        done = 0
        for customer in queryset:
            try:
                lift_suppression(customer=customer)
            except InvalidTransition as error:
                messages.warning(request, error.sentence)
            else:
                done += 1
        messages.success(request, f"Get mail again: {done}.")

    @admin.display(description="State")
    def state_chip(self, customer: Customer) -> SafeString:
        css, words = "ok", "Gets mail"
        if customer.removed_at is not None:
            css, words = "none", "Taken off the list"
        elif customer.suppressed_at is not None:
            css, words = "down", "Gets no mail"
        return format_html('<span class="chip {}">{}</span>', css, words)
