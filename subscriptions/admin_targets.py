"""The operator's own targets in the console: added, changed, tested and ended by staff.

What is in the configuration file is better changed there: the next `load_config` says what the file says.
"""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from components.admin_base import ModelAdmin, ModelForm
from components.models import Component
from statuspage.core.errors import Conflict
from subscriptions.admin_parts import subscriber_chip
from subscriptions.choices import Choice
from subscriptions.describing import describe
from subscriptions.enums import Channel, Event, Origin, SubscriberState
from subscriptions.models import Delivery, Subscriber, Target
from subscriptions.redelivery import send_test
from subscriptions.targets import NAME_LENGTH, VARIABLE_WORDS, add_target, change_target, end_target, is_variable

WANTED = {f"wants_{event.value}": event for event in Event}


class TargetForm(ModelForm[Target]):
    class Meta:
        model = Target
        fields = ("name", "address", *WANTED, "wants_updates", "minimum_severity", "components")
        labels = {
            "address": "Variable",
            "components": "Components",
            "minimum_severity": "How bad at least",
            "wants_updates": "Each update",
            **{name: event.label for name, event in WANTED.items()},
        }
        help_texts = {
            "name": "Who or what hears, such as: On call, by SMS.",
            "address": "The environment variable of the worker that holds the Apprise URL: never the URL itself.",
            "components": "None: all of them.",
            "minimum_severity": "None: any incident.",
            "wants_updates": "And not only the beginning and the end.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True
        self.fields["name"].max_length = NAME_LENGTH  # type: ignore[attr-defined]  # a CharField
        for name in ("components", "minimum_severity"):
            for what in ("add", "change", "delete", "view"):
                setattr(self.fields[name].widget, f"can_{what}_related", False)
        chosen = self.fields["components"]
        chosen.queryset = Component.objects.active().select_related("group")  # type: ignore[attr-defined]  # theirs

    def clean_address(self) -> str:
        variable = str(self.cleaned_data["address"]).strip()
        if self.instance._state.adding and not is_variable(variable):  # noqa: SLF001 -- Django's own way to know
            # What stands there may be the URL: it is not repeated.
            raise ValidationError(f"The name of the variable has to be {VARIABLE_WORDS}.")
        there = Subscriber.objects.filter(channel=Channel.APPRISE, address=variable).exclude(pk=self.instance.pk)
        if there.filter(state=SubscriberState.CONFIRMED).exists():
            raise ValidationError(f"{variable} is the variable of another target already.")
        return variable

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not any(given.get(name) for name in WANTED):
            raise ValidationError("Choose something to tell: there would be nothing to hear.")
        return given

    def validate_unique(self) -> None:
        """A target that was ended comes back by adding it again."""

    def choice(self) -> Choice:
        given = self.cleaned_data
        least = given["minimum_severity"]
        return Choice(
            component_ids=tuple(component.pk for component in given["components"]),
            events=frozenset(event for name, event in WANTED.items() if given[name]),
            updates=given["wants_updates"],
            minimum_severity_id=least.pk if least else None,
        )


@admin.register(Target)
class TargetAdmin(ModelAdmin[Target]):
    form = TargetForm
    list_display = ("name", "variable", "state_chip", "hears_of", "origin", "trouble")
    list_display_links = ("name",)
    list_filter = ("state", "origin")
    ordering = ("state", "name")
    actions = ("test", "end")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Target]:
        """With why the newest message that waits could not be sent."""
        waiting = Delivery.objects.pending().filter(subscriber=OuterRef("pk")).exclude(last_error="")
        rows = super().get_queryset(request).filter(channel=Channel.APPRISE)
        return rows.annotate(waits_for=Subquery(waiting.order_by("-pk").values("last_error")[:1]))

    def get_readonly_fields(self, request: HttpRequest, obj: Target | None = None) -> tuple[str, ...]:
        return () if obj is None else ("address",)

    def has_change_permission(self, request: HttpRequest, obj: Target | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.is_confirmed)

    def has_delete_permission(self, request: HttpRequest, obj: Target | None = None) -> bool:
        """It is ended: the ledger keeps whom it told."""
        return False

    def has_end_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("subscriptions.change_target"))

    def save_model(self, request: HttpRequest, obj: Target, form: Any, change: bool) -> None:
        name, choice = form.cleaned_data["name"], form.choice()
        if change:
            change_target(target_id=obj.pk, name=name, choice=choice)
            if obj.origin == Origin.CONFIGURED:
                messages.warning(
                    request, "It came from the configuration file, which says so again when it is loaded."
                )
            return
        made = add_target(name=name, variable=form.cleaned_data["address"], choice=choice)
        obj.pk, obj.public_id = made.pk, made.public_id

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Written with the choice already."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        title = {"title": "Own targets: SMS, push messages and others by Apprise"}
        return super().changelist_view(request, title | (extra_context or {}))

    @admin.display(description="Variable", ordering="address")
    def variable(self, target: Target) -> str:
        return target.address

    @admin.display(description="State", ordering="state")
    def state_chip(self, target: Target) -> SafeString:
        return subscriber_chip(target)

    @admin.display(description="Hears of")
    def hears_of(self, target: Target) -> str:
        return "; ".join(value for _, value in describe(target))

    @admin.display(description="Trouble")
    def trouble(self, target: Target) -> str:
        return str(getattr(target, "waits_for", "") or "")

    @admin.action(description="Send a test", permissions=["end"])
    def test(self, request: HttpRequest, queryset: QuerySet[Target]) -> None:
        for target in queryset:
            try:
                send_test(subscriber_id=target.pk)
            except Conflict as error:
                messages.warning(request, f"{target.name}: {error.sentence}")
            else:
                messages.success(request, f"{target.name}: a test is on its way.")

    @admin.action(description="End: tell it nothing more", permissions=["end"])
    def end(self, request: HttpRequest, queryset: QuerySet[Target]) -> None:
        for target in queryset:
            end_target(target_id=target.pk)
        messages.success(request, f"Hear of nothing more: {queryset.count()}.")
