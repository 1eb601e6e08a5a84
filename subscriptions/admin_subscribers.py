"""Subscribers in the console: found, looked at, and what staff may do about them. Choosing and coming is their own."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin
from components.models import Component
from statuspage.core import clock
from subscriptions.admin_actions import Question, ask_then_do
from subscriptions.admin_parts import about_delivery, delivery_chip, in_utc, key_of, subscriber_chip, write_down
from subscriptions.describing import describe, in_short, shown_address
from subscriptions.enums import SubscriberState
from subscriptions.exports import export_lines
from subscriptions.models import Delivery, Subscriber
from subscriptions.redelivery import send_test
from subscriptions.staff import delete_all_about, lift, suppress_by_hand

DELIVERIES_SHOWN = 20
STOPPED = frozenset({SubscriberState.SUPPRESSED, SubscriberState.QUARANTINED})


class PausedFilter(admin.SimpleListFilter):
    title = "pause"
    parameter_name = "paused"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Paused now"), ("no", "Not paused")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
        now = clock.now()
        paused = Q(paused_at__isnull=False) & (Q(paused_until__isnull=True) | Q(paused_until__gt=now))
        if self.value() == "yes":
            return queryset.filter(paused)
        return queryset.exclude(paused) if self.value() == "no" else queryset


@admin.register(Subscriber)
class SubscriberAdmin(ReadOnlyAdmin[Subscriber]):
    list_display = ("shown", "state_chip", "channel", "hears_of", "origin", "confirmed", "ended", "reason")
    list_filter = ("state", "channel", "origin", PausedFilter, "components", "created_at")
    list_per_page = 100
    search_fields = ("address", "name", "contact_email", "=public_id")
    search_help_text = "Address, part of a URL, name or contact"
    show_full_result_count = False
    ordering = ("-created_at", "-pk")
    actions = ("suppress", "lift", "test", "delete_all")
    change_list_template = "admin/subscriptions/subscriber/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        export = path("export/", self.admin_site.admin_view(self.export_view), name="subscriptions_subscriber_export")
        return [export, *super().get_urls()]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscriber]:
        chosen = Prefetch("components", Component.objects.select_related("group"))
        return super().get_queryset(request).prefetch_related(chosen, "groups", "follows")

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.change_subscriber")

    def has_forget_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("subscriptions.delete_subscriber")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        own = {"title": "Subscribers", "may_import": request.user.has_perm("subscriptions.add_subscriberimport")}
        return super().changelist_view(request, own | (extra_context or {}))

    def export_view(self, request: HttpRequest) -> StreamingHttpResponse:
        """Those that the list shows with these filters, as CSV."""
        if not self.has_view_permission(request) and not self.has_act_permission(request):
            raise PermissionDenied
        found = self.get_changelist_instance(request).get_queryset(request)
        rows = Subscriber.objects.filter(pk__in=found.order_by().values("pk"))
        answer = StreamingHttpResponse(export_lines(rows), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="subscribers-{clock.now():%Y-%m-%d}.csv"'
        answer["Cache-Control"] = "no-store"
        return answer

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        rows = Subscriber.objects.select_related("minimum_severity")
        subscriber = rows.filter(pk=key_of(object_id) or 0).first()
        if subscriber is None:
            raise Http404("There is no such subscriber.")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": shown_address(subscriber),
            "subscriber": subscriber,
            "state": subscriber_chip(subscriber),
            "is_paused": subscriber.is_paused(clock.now()),
            "chosen": describe(subscriber),
            "actions": list(self._actions_for(request, subscriber)),
            **self._last(request, subscriber),
        }
        return TemplateResponse(request, "admin/subscriptions/subscriber/subscriber.html", context)

    def _last(self, request: HttpRequest, subscriber: Subscriber) -> dict[str, object]:
        """Its last deliveries, for who may see such. One query."""
        if not request.user.has_perm("subscriptions.view_delivery"):
            return {"may_see_deliveries": False}
        rows = Delivery.objects.filter(subscriber=subscriber).defer("notice__payload")
        last = rows.select_related("notice__incident", "notice__maintenance").order_by("-created_at", "-pk")
        last = last.prefetch_related("notice__components")
        shown = [(row, about_delivery(row), delivery_chip(row)) for row in last[:DELIVERIES_SHOWN]]
        return {"may_see_deliveries": True, "deliveries": shown}

    def _actions_for(self, request: HttpRequest, subscriber: Subscriber) -> Iterable[tuple[str, str]]:
        """Name and words of what makes sense in its state, the likeliest first."""
        state = SubscriberState(subscriber.state)
        if self.has_act_permission(request):
            if state in STOPPED:
                yield "lift", "Write to them again"
            if subscriber.is_current:
                yield "test", "Send a test"
            if state not in {SubscriberState.SUPPRESSED, SubscriberState.UNSUBSCRIBED}:
                yield "suppress", "Write to them no more"
        if self.has_forget_permission(request):
            yield "delete_all", "Delete all about them"

    @admin.action(description="Suppress: write to them no more", permissions=["act"])
    def suppress(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> TemplateResponse | None:
        def does(row: Subscriber, reason: str) -> None:
            suppress_by_hand(subscriber_id=row.pk, by=request.user.get_username(), reason=reason)
            self._write_down(request, row, f"Suppressed: {reason}")

        question = Question(
            name="suppress",
            title="Write to them no more?",
            explanation="They get nothing from now on, also what waits already. An import does not bring them back.",
            button="Suppress",
            done="Suppressed",
            does=does,
        )
        return self._ask(request, queryset, question)

    @admin.action(description="Lift: write to them again", permissions=["act"])
    def lift(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> TemplateResponse | None:
        def does(row: Subscriber, reason: str) -> None:
            lift(subscriber_id=row.pk)
            self._write_down(request, row, f"Suppression or quarantine lifted: {reason}")

        question = Question(
            name="lift",
            title="Write to them again?",
            explanation="Those suppressed or quarantined get what they had chosen, from now on. What they missed is "
            "not sent by this.",
            button="Lift",
            done="Written to again",
            does=does,
        )
        return self._ask(request, queryset, question)

    @admin.action(description="Send a test message", permissions=["act"])
    def test(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> TemplateResponse | None:
        def does(row: Subscriber, _reason: str) -> None:
            send_test(subscriber_id=row.pk)
            self._write_down(request, row, "Test sent")

        question = Question(
            name="test",
            title="Send them a test?",
            explanation="A message that says that it is a test, on their own channel. What became of it stands among "
            "their last deliveries.",
            button="Send a test",
            done="On their way",
            does=does,
            asks_why=False,
        )
        return self._ask(request, queryset, question)

    @admin.action(description="Delete all about them", permissions=["forget"])
    def delete_all(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> TemplateResponse | None:
        def does(row: Subscriber, reason: str) -> None:
            deleted = delete_all_about(subscriber_id=row.pk)
            theirs = ContentType.objects.get_for_model(Subscriber)
            LogEntry.objects.filter(content_type=theirs, object_id=str(row.pk)).update(change_message="(deleted)")
            what = f"Deleted {deleted.subscribers} subscriptions, {deleted.deliveries} deliveries: {reason}"
            write_down(request, row, f"subscriber {row.public_id}", what, DELETION)

        question = Question(
            name="delete_all",
            title="Delete all about them?",
            explanation="Everything about these addresses is deleted, on all channels: what they chose, every message "
            "to them, that they ever left. Only counts stay. It cannot be undone, and an import may bring them back. "
            "The list of customers and reports from visitors are apart.",
            button="Delete all of it",
            done="Deleted",
            does=does,
        )
        return self._ask(request, queryset, question)

    def _ask(self, request: HttpRequest, rows: QuerySet[Subscriber], question: Question) -> TemplateResponse | None:
        return ask_then_do(request, self, rows, question, name_of=shown_address)

    def _write_down(self, request: HttpRequest, row: Subscriber, what: str) -> None:
        write_down(request, row, f"subscriber {row.public_id}", what)

    @admin.display(description="Address", ordering="address")
    def shown(self, subscriber: Subscriber) -> str:
        return shown_address(subscriber)

    @admin.display(description="State", ordering="state")
    def state_chip(self, subscriber: Subscriber) -> SafeString:
        return subscriber_chip(subscriber)

    @admin.display(description="Confirmed (UTC)", ordering="confirmed_at", empty_value="–")
    def confirmed(self, subscriber: Subscriber) -> str | None:
        return in_utc(subscriber.confirmed_at)

    @admin.display(description="Ended (UTC)", ordering="ended_at", empty_value="–")
    def ended(self, subscriber: Subscriber) -> str | None:
        return in_utc(subscriber.ended_at)

    @admin.display(description="Hears of")
    def hears_of(self, subscriber: Subscriber) -> str:
        return in_short(subscriber)

    @admin.display(description="Reason", empty_value="–")
    def reason(self, subscriber: Subscriber) -> str | None:
        return subscriber.suppressed_reason or None
