"""What those who want component changes were told last."""

from django.db import models
from django.db.models import Q

from components.enums import ComponentStatus
from components.models import Component


class ToldState(models.Model):
    """The state of a component that was last told, and one that waits to be. `incidents.component_notices` writes it.

    `status` also stands for told where nobody had to be: of a component that is new, hidden or imported. `pending` is
    the state that was seen at `pending_since` and has not stood for long enough yet; empty: none.
    """

    component = models.OneToOneField(Component, primary_key=True, on_delete=models.CASCADE, related_name="told")
    status = models.CharField(max_length=24, choices=ComponentStatus)
    at = models.DateTimeField(help_text="When this became the state that is told.")
    pending = models.CharField(max_length=24, choices=ComponentStatus, blank=True)
    pending_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=ComponentStatus.values), name="told_status_is_known"),
            models.CheckConstraint(
                condition=Q(pending="", pending_since__isnull=True)
                | Q(pending__in=ComponentStatus.values, pending_since__isnull=False),
                name="pending_goes_with_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"component {self.component_id}: {self.status} was told"
