"""Mails to all customers in the console: asked for by one person, let go by another, and what became of each.

It stands above `incidents`, whose services it calls, as only here both the mail and the list of customers are known.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from components.admin_base import ReadOnlyAdmin
from incidents.customers import confirm_customer_mail, request_customer_mail, withdraw_customer_mail
from incidents.forms import SentenceForm
from incidents.input import BODY_LENGTH, TITLE_LENGTH
from incidents.models import CustomerMail, Incident
from statuspage.core.errors import DomainError
from statuspage.core.markdown import render_markdown
from subscriptions.enums import DeliveryState
from subscriptions.models import Customer
from subscriptions.selectors import notice_progress

LONGEST_PK = 18
OVER_OFFERED = 30
COUNTED = {
    DeliveryState.SENT.value: "sent",
    DeliveryState.PENDING.value: "waiting",
    DeliveryState.FAILED.value: "failed",
    DeliveryState.SUPPRESSED.value: "no longer wanted",
}


class CustomerMailForm(SentenceForm):
    subject = forms.CharField(max_length=TITLE_LENGTH)
    body = forms.CharField(
        label="What all customers have to know",
        max_length=BODY_LENGTH,
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": BODY_LENGTH, "class": "message"}),
        help_text="Markdown. What happened, what it means for them, what they have to do, when you will say more.",
    )


@admin.register(CustomerMail)
class CustomerMailAdmin(ReadOnlyAdmin[CustomerMail]):
    list_display = ("subject", "state_chip", "about", "asked", "became")
    list_select_related = ("incident",)
    list_per_page = 50
    search_fields = ("subject", "incident__reference", "requested_by", "confirmed_by")
    search_help_text = "Subject, reference of the incident, or who asked"
    date_hierarchy = "requested_at"

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<path:object_id>/{name}/", self.admin_site.admin_view(view), name=f"incidents_customermail_{name}")
            for name, view in (("confirm", self.confirm_view), ("withdraw", self.withdraw_view))
        ]
        return own + super().get_urls()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """To ask for one. What was asked for is edited by nobody."""
        return bool(request.user.has_perm("incidents.add_customermail"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerMail]:
        """With what became of each, in the same query."""
        counts = {state: Count("notice__deliveries", filter=Q(notice__deliveries__state=state)) for state in COUNTED}
        return super().get_queryset(request).annotate(**counts)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Write it, look at it, ask for it: the incident is named by `?incident=`, its key, else chosen first."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        key = request.GET.get("incident", "")
        incident = _incident(key)
        if incident is None:
            return self._choose(request, is_unknown=bool(key))
        form = CustomerMailForm(request.POST or None, initial={"subject": incident.public_title})
        if request.method == "POST" and form.is_valid() and "asked" in request.POST:
            try:
                mail = request_customer_mail(incident=incident, requested_by=_account(request), **form.cleaned_data)
            except DomainError as error:
                form.refuse(error)
            else:
                self.log_addition(request, mail, "Asked for.")
                messages.success(request, "Asked for. Nothing is sent before another person lets it go.")
                return _to(mail)
        seen = form.is_bound and form.is_valid()
        context = {
            "title": "Write to all customers",
            "incident": incident,
            "form": form,
            "preview": render_markdown(form.cleaned_data["body"]) if seen else "",
        }
        return self._respond(request, "ask", context)

    def _choose(self, request: HttpRequest, *, is_unknown: bool) -> HttpResponse:
        """About which incident? The open ones, and the newest of those that are over."""
        rows = Incident.objects.shown().newest_first().select_related("severity")
        groups = (("Open", list(rows.open())), ("Over", list(rows.resolved()[:OVER_OFFERED])))
        context = {
            "title": "Write to all customers",
            "groups": [(label, incidents) for label, incidents in groups if incidents],
            "is_unknown": is_unknown,
        }
        return self._respond(request, "choose", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        mail = self._get(request, object_id)
        css, words = _state(mail)
        context = {
            "title": "Mail to all customers",
            "mail": mail,
            "html": render_markdown(mail.body),
            "state_css": css,
            "state": words,
            "progress": notice_progress([mail.notice_id])[mail.notice_id] if mail.notice_id else None,
            "may_decide": _may_decide(request),
            "is_own": mail.requested_by.casefold() == _account(request).casefold(),
        }
        return self._respond(request, "mail", context)

    def confirm_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Let it go; only a POST does."""

        def confirm(mail: CustomerMail) -> str:
            confirm_customer_mail(mail=mail, confirmed_by=_account(request))
            return "It goes out to all customers now."

        return self._decide(request, object_id, confirm)

    def withdraw_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        def withdraw(mail: CustomerMail) -> str:
            withdraw_customer_mail(mail=mail, withdrawn_by=_account(request))
            return "Withdrawn: nothing is sent."

        return self._decide(request, object_id, withdraw)

    def _decide(self, request: HttpRequest, object_id: str, decide: Callable[[CustomerMail], str]) -> HttpResponse:
        mail = self._get(request, object_id)
        if request.method != "POST":
            return _to(mail)
        if not _may_decide(request):
            raise PermissionDenied
        try:
            done = decide(mail)
        except DomainError as error:
            messages.error(request, error.sentence)
        else:
            self.log_change(request, mail, done)
            messages.success(request, done)
        return _to(mail)

    def _get(self, request: HttpRequest, object_id: str) -> CustomerMail:
        # Whoever may ask for one may see what became of it.
        if not (self.has_view_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        pk = unquote(object_id)
        mail = None
        if pk.isascii() and pk.isdigit() and len(pk) < LONGEST_PK:
            mail = CustomerMail.objects.select_related("incident").filter(pk=int(pk)).first()
        if mail is None:
            raise Http404("There is no such mail.")
        return mail

    def _respond(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        """Every page says to how many it would go."""
        shared = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "customers": f"{Customer.objects.reachable().count():,}",
        }
        return TemplateResponse(request, f"admin/incidents/customermail/{template}.html", shared | context)

    @admin.display(description="State")
    def state_chip(self, mail: CustomerMail) -> SafeString:
        css, words = _state(mail)
        return format_html('<span class="chip {}">{}</span>', css, words)

    @admin.display(description="About")
    def about(self, mail: CustomerMail) -> str:
        return mail.incident.reference

    @admin.display(description="Asked for (UTC)", ordering="requested_at")
    def asked(self, mail: CustomerMail) -> str:
        return f"{mail.requested_at:%Y-%m-%d %H:%M}, {mail.requested_by}"

    @admin.display(description="What became of it", empty_value="–")
    def became(self, mail: CustomerMail) -> str | None:
        if mail.notice_id is None:
            return None
        counts = [(getattr(mail, state), words) for state, words in COUNTED.items()]
        return ", ".join(f"{number:,} {words}" for number, words in counts if number) or "on its way"


def _state(mail: CustomerMail) -> tuple[str, str]:
    if mail.confirmed_at is not None:
        return "ok", f"Confirmed by {mail.confirmed_by}"
    if mail.withdrawn_at is not None:
        return "none", f"Withdrawn by {mail.withdrawn_by}"
    return "slow", "Waits for another person"


def _incident(key: str) -> Incident | None:
    if not (key.isascii() and key.isdigit() and len(key) < LONGEST_PK):
        return None
    return Incident.objects.select_related("severity").filter(pk=int(key)).first()


def _account(request: HttpRequest) -> str:
    """The user name, which is one person's: two may have the same full name, and can change it."""
    return str(request.user.get_username())


def _may_decide(request: HttpRequest) -> bool:
    return request.user.has_perm("incidents.change_customermail")


def _to(mail: CustomerMail) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:incidents_customermail_change", args=[mail.pk]))
