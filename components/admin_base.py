"""What the console's screens share."""

from typing import TYPE_CHECKING, Any, Self

from django import forms
from django.contrib import admin
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.enums import ComponentStatus
from components.services import touch_page
from statuspage.core import clock

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.forms import ModelForm
else:
    # Django's own are generic to the type checker only.
    class _Generic:
        def __class_getitem__(cls, _item: object) -> type[Self]:
            return cls

    class ModelAdmin(_Generic, admin.ModelAdmin): ...

    class TabularInline(_Generic, admin.TabularInline): ...

    class ModelForm(_Generic, forms.ModelForm): ...


__all__ = ["ModelAdmin", "ModelForm", "PageTouchingAdmin", "ReadOnlyAdmin", "RetiredFilter", "TabularInline", "chip"]


class PageTouchingAdmin[M: models.Model](ModelAdmin[M]):
    """Rows that visitors see: only the changed columns are written, and every change is published."""

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        if change:
            columns = {field.name for field in obj._meta.concrete_fields}
            changed = [name for name in form.changed_data if name in columns]
            if changed and "updated_at" in columns:
                obj.updated_at = clock.now()  # type: ignore[attr-defined]  # looked for just now
                changed.append("updated_at")
            if changed:
                obj.save(update_fields=changed)
        else:
            obj.save()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        # The page's row comes last: whoever holds it waits for nobody.
        touch_page()

    def delete_model(self, request: HttpRequest, obj: M) -> None:
        with transaction.atomic():
            super().delete_model(request, obj)
            touch_page()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[M]) -> None:
        with transaction.atomic():
            super().delete_queryset(request, queryset)
            touch_page()


class ReadOnlyAdmin[M: models.Model](ModelAdmin[M]):
    """Facts: to be looked at."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False


class RetiredFilter(admin.SimpleListFilter):
    """What is in use, unless one asks for the rest."""

    title = "use"
    parameter_name = "use"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("retired", "Retired"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "all":
            return queryset
        return queryset.filter(retired_at__isnull=self.value() != "retired")

    def choices(self, changelist: Any) -> Any:
        """The first choice is no choice: say what it means."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "In use"}
        yield from others


def chip(status: ComponentStatus) -> SafeString:
    """The state as a word on its colour."""
    return format_html('<span class="chip {}">{}</span>', status.css, status.label)
