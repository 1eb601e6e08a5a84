"""The ledger in the console: what became of each message, and sending one again by hand."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin
from incidents.admin import is_superuser
from subscriptions.admin_actions import Question, ask_then_do
from subscriptions.admin_parts import (
    about_delivery,
    delivery_chip,
    in_utc,
    is_deleting_an_incident,
    recipient_of,
    write_down,
)
from subscriptions.enums import DeliveryState
from subscriptions.models import Delivery
from subscriptions.redelivery import send_again


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    list_display = ("written", "state_chip", "recipient", "about", "attempts", "next_try", "sent", "last_error")
    list_display_links = ("written",)
    list_filter = ("state", "channel", "purpose", "created_at")
    list_select_related = ("subscriber", "customer", "notice", "notice__incident", "notice__maintenance")
    list_per_page = 100
    search_fields = (
        "subscriber__address",
        "customer__email",
        "notice__incident__reference",
        "notice__maintenance__reference",
    )
    search_help_text = "Address, or reference of an incident or a maintenance window"
    show_full_result_count = False
    ordering = ("-created_at", "-pk")
    actions = ("send_again",)
    fields = (
        "recipient",
        "about",
        "state_chip",
        "channel",
        "attempts",
        "written",
        "next_try",
        "sent",
        "status_code",
        "last_error",
        "again",
    )

    def has_delete_permission(self, request: HttpRequest, obj: Delivery | None = None) -> bool:
        return is_superuser(request.user) and is_deleting_an_incident(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("notice__payload").prefetch_related("notice__components")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": "Deliveries"} | (extra_context or {}))

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.change_delivery")

    @admin.action(description="Send again", permissions=["act"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> TemplateResponse | None:
        def does(row: Delivery, reason: str) -> None:
            send_again(delivery=row, by=request.user.get_username(), reason=reason)
            write_down(request, row, f"delivery {row.pk}", f"Sent again: {reason}")

        question = Question(
            name="send_again",
            title="Send these again?",
            explanation="Each goes out once more, with the id it had: who got it before may get it twice. Who has "
            "left since, or cannot be reached, gets nothing.",
            button="Send again",
            done="On their way again",
            does=does,
        )
        rows = queryset.select_related("subscriber", "customer", "notice__incident", "notice__maintenance")
        return ask_then_do(request, self, rows, question, name_of=_name)

    @admin.display(description="To", ordering="subscriber__address")
    def recipient(self, delivery: Delivery) -> str:
        return recipient_of(delivery)

    @admin.display(description="About")
    def about(self, delivery: Delivery) -> str:
        return about_delivery(delivery)

    @admin.display(description="State", ordering="state")
    def state_chip(self, delivery: Delivery) -> SafeString:
        return delivery_chip(delivery)

    @admin.display(description="Written (UTC)", ordering="created_at")
    def written(self, delivery: Delivery) -> str | None:
        return in_utc(delivery.created_at)

    @admin.display(description="Sent (UTC)", ordering="sent_at", empty_value="–")
    def sent(self, delivery: Delivery) -> str | None:
        return in_utc(delivery.sent_at)

    @admin.display(description="Next try (UTC)", ordering="next_attempt_at", empty_value="–")
    def next_try(self, delivery: Delivery) -> str | None:
        return in_utc(delivery.next_attempt_at) if delivery.state == DeliveryState.PENDING else None

    @admin.display(description="Sent again by hand", empty_value="–")
    def again(self, delivery: Delivery) -> SafeString | None:
        said = [(f"{row.at:%Y-%m-%d %H:%M}", row.by, row.reason) for row in delivery.redeliveries.all()]
        return format_html_join("", "<div>{} UTC, {}: {}</div>", said) or None


def _name(delivery: Delivery) -> str:
    return f"{recipient_of(delivery)}, {about_delivery(delivery)}: {delivery.get_state_display().lower()}"
