"""Which months were reported on."""

from django.db import models

from incidents.models import Notice
from statuspage.core import clock


class MonthlyReport(models.Model):
    """The report of one month was written: its unique row is what makes it the only one."""

    month = models.CharField(max_length=7, unique=True, help_text="Such as 2026-10, in the page's zone.")
    notice = models.ForeignKey(Notice, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        ordering = ["-month"]

    def __str__(self) -> str:
        return self.month
