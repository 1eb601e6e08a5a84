"""Subscribers and the ledger in the console: facts to look at. Coming and leaving are the reader's own affair."""

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin
from components.models import Component
from subscriptions.admin_customer_mails import CustomerMailAdmin
from subscriptions.admin_customers import CustomerAdmin
from subscriptions.enums import DeliveryState, SubscriberState
from subscriptions.models import Delivery, Subscriber

__all__ = ["CustomerAdmin", "CustomerMailAdmin", "DeliveryAdmin", "SubscriberAdmin"]

SUBSCRIBER_CSS = {
    SubscriberState.PENDING: "none",
    SubscriberState.CONFIRMED: "ok",
    SubscriberState.UNSUBSCRIBED: "none",
    SubscriberState.SUPPRESSED: "down",
}
DELIVERY_CSS = {
    DeliveryState.PENDING: "work",
    DeliveryState.SENT: "ok",
    DeliveryState.FAILED: "down",
    DeliveryState.SUPPRESSED: "none",
}


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin[Subscriber]):
    list_display = ("address", "state_chip", "hears_of", "confirmed_at", "ended_at", "suppressed_reason")
    list_filter = ("state", "channel", "components", "created_at")
    list_per_page = 100
    search_fields = ("address", "=public_id")
    search_help_text = "Address"
    show_full_result_count = False
    ordering = ("-created_at", "-pk")
    fields = (
        "address",
        "channel",
        "state_chip",
        "hears_of",
        "wants_incidents",
        "wants_maintenance",
        "wants_postmortems",
        "created_at",
        "confirmed_at",
        "ended_at",
        "suppressed_reason",
        "public_id",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscriber]:
        chosen = Prefetch("components", Component.objects.select_related("group"))
        return super().get_queryset(request).prefetch_related(chosen)

    @admin.display(description="State", ordering="state")
    def state_chip(self, subscriber: Subscriber) -> SafeString:
        state = SubscriberState(subscriber.state)
        return _chip(SUBSCRIBER_CSS[state], state.label)

    @admin.display(description="Hears of")
    def hears_of(self, subscriber: Subscriber) -> str:
        return ", ".join(component.full_name for component in subscriber.components.all()) or "Everything"


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    list_display = ("created_at", "recipient", "about", "state_chip", "attempts", "next_try", "sent_at", "last_error")
    list_display_links = ("created_at",)
    list_filter = ("state", "purpose", "created_at")
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
    fields = (
        "subscriber",
        "customer",
        "about",
        "state_chip",
        "attempts",
        "created_at",
        "next_try",
        "sent_at",
        "last_error",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).defer("notice__payload")

    @admin.display(description="To", ordering="subscriber__address")
    def recipient(self, delivery: Delivery) -> str:
        return f"{delivery.customer} (customer)" if delivery.customer else str(delivery.subscriber)

    @admin.display(description="About")
    def about(self, delivery: Delivery) -> str:
        if delivery.notice is None:
            return delivery.get_purpose_display()
        subject = delivery.notice.incident or delivery.notice.maintenance
        kind = delivery.notice.get_kind_display()
        return f"{subject.reference}: {kind}" if subject else kind

    @admin.display(description="State", ordering="state")
    def state_chip(self, delivery: Delivery) -> SafeString:
        state = DeliveryState(delivery.state)
        return _chip(DELIVERY_CSS[state], state.label)

    @admin.display(description="Next try", ordering="next_attempt_at")
    def next_try(self, delivery: Delivery) -> object:
        return delivery.next_attempt_at if delivery.state == DeliveryState.PENDING else None


def _chip(css: str, words: str) -> SafeString:
    return format_html('<span class="chip {}">{}</span>', css, words)
