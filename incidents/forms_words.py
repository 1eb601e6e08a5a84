"""A form whose text may come from a template, has blanks to fill, and may be kept as a draft."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict

from components.enums import ComponentStatus
from components.models import Page
from incidents.enums import Impact, TemplateKind
from incidents.forms import PREFIX, SentenceForm, WallClockField
from incidents.models import MessageTemplate
from incidents.templates import VALUE_LENGTH, blanks, fill_text, templates_for
from statuspage.core.errors import ValidationFailed
from statuspage.core.text import clean_text

BLANK_PREFIX = "blank-"
MOST_BLANKS = 40
# What a template's components are said to be, by how bad its severity is. To be changed before it is published.
STATUS_OF = {
    Impact.NONE: ComponentStatus.OPERATIONAL,
    Impact.MINOR: ComponentStatus.DEGRADED_PERFORMANCE,
    Impact.MAJOR: ComponentStatus.PARTIAL_OUTAGE,
    Impact.CRITICAL: ComponentStatus.MAJOR_OUTAGE,
}
# What is about this time of writing, and no part of what was said.
NOT_KEPT = frozenset({"publish_at", "template", "draft_revision"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What several forms on one screen need to know, asked for once."""

    page: Page
    templates: list[MessageTemplate]

    @classmethod
    def load(cls, *kinds: TemplateKind) -> "Prepared":
        """Two queries."""
        return cls(page=Page.current(), templates=templates_for(*kinds))


class WordsForm(SentenceForm):
    """Each `[[blank]]` in its texts is a field of its own; `cleaned_data` has the texts with them filled."""

    template_kind: ClassVar[TemplateKind]
    texts: ClassVar[tuple[str, ...]] = ("message",)

    template = forms.ChoiceField(
        label="Begin with a template", required=False, help_text="What you typed stays. Blanks become fields."
    )
    # The template whose words stand in the form now: choosing another one replaces them, and nothing else.
    carries = forms.CharField(widget=forms.HiddenInput, max_length=80, required=False)
    draft_revision = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        begin_with: Mapping[str, Any] | None = None,
        prepared: Prepared | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, **kwargs)
        self.initial.update(begin_with or {})
        known = prepared or Prepared.load(self.template_kind)
        self.page = page = known.page
        self.templates = [template for template in known.templates if template.kind == self.template_kind]
        choices = [("", "—"), *((template.slug, template.name) for template in self.templates)]
        self.fields["template"].choices = choices  # type: ignore[attr-defined]  # it is a ChoiceField
        self.fields["publish_at"] = WallClockField(
            zone=page.zone,
            label=f"Publish at ({page.time_zone})",
            required=False,
            help_text="By itself, at that time.",
        )
        self.blank_names: tuple[str, ...] = ()

    def add_blanks(self) -> None:
        """Once all of the fields are there and know what they begin with."""
        texts = [str(self[name].value() or "") for name in self.texts]
        self.blank_names = blanks(*texts)[:MOST_BLANKS]
        stem = f"id_{self.prefix}_blank" if self.prefix else "id_blank"
        for number, name in enumerate(self.blank_names):
            self.fields[f"{BLANK_PREFIX}{name}"] = forms.CharField(
                label=name,
                max_length=VALUE_LENGTH,
                widget=forms.TextInput(attrs={"id": f"{stem}_{number}"}),
                error_messages={"required": f"Fill in the blank “{name}”, or take it out of the text."},
            )
        # In the order in which they are read: the first that is wrong is where the page begins.
        self.order_fields([f"{BLANK_PREFIX}{name}" for name in self.blank_names])
        self._begin_at_the_first_blank()

    def _begin_at_the_first_blank(self) -> None:
        empty = [name for name in self.blank_names if not self[f"{BLANK_PREFIX}{name}"].value()]
        if empty:
            for field in self.fields.values():
                field.widget.attrs.pop("autofocus", None)
            self.fields[f"{BLANK_PREFIX}{empty[0]}"].widget.attrs["autofocus"] = True

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if said.get("publish_at") and self.data.get("then", "") == "":
            self.add_error(
                "publish_at", "Now, or at that time? Empty this to publish now, or press “Publish at that time”."
            )
        values = {name: said.get(f"{BLANK_PREFIX}{name}", "") for name in self.blank_names}
        if all(values.values()):
            self._fill(values)
        return said

    def _fill(self, values: Mapping[str, str]) -> None:
        for name in self.texts:
            try:
                self.cleaned_data[name] = fill_text(self.cleaned_data.get(name, ""), values, field=name)
            except ValidationFailed as error:
                self.refuse(error)

    @property
    def template_field(self) -> forms.BoundField | None:
        return self["template"] if self.templates else None

    @property
    def blank_fields(self) -> list[forms.BoundField]:
        return [self[f"{BLANK_PREFIX}{name}"] for name in self.blank_names]

    @property
    def words_fields(self) -> list[forms.BoundField]:
        """The visible fields without template, blanks, components and the time of publication."""
        apart = {"template", "publish_at", *(f"{BLANK_PREFIX}{name}" for name in self.blank_names)}
        return [
            field for field in self.visible_fields() if field.name not in apart and not field.name.startswith(PREFIX)
        ]

    @property
    def first_error(self) -> str:
        """With the name of its field, for who does not see the form."""
        for name, sentences in self.errors.items():
            label = self[name].label if name in self.fields else ""
            return f"{label}: {sentences[0]}" if label else str(sentences[0])
        return ""

    def typed(self) -> dict[str, Any]:
        """What stands in the form, as JSON keeps it: texts, and truth of check boxes."""
        kept: dict[str, Any] = {}
        for name, field in self.fields.items():
            if name not in NOT_KEPT:
                value = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
                kept[name] = value if isinstance(value, bool) else clean_text(str(value or ""))
        return kept

    def with_template(self, slug: str) -> dict[str, Any]:
        """What the form begins with once this template is chosen: its words, and all that was typed."""
        typed = self.typed()
        chosen = next((template for template in self.templates if template.slug == slug), None)
        if chosen is None:
            return typed
        before = next((template for template in self.templates if template.slug == typed["carries"]), None)
        typed |= self._words(typed, chosen, before)
        for name, value in _choices(chosen).items():
            was = _choices(before).get(name, "") if before else ""
            if name in self.fields and typed.get(name, "") in {"", was, str(self._untouched(name))}:
                typed[name] = value
        return typed | {"template": slug, "carries": slug}

    def _words(
        self, typed: Mapping[str, Any], chosen: MessageTemplate, before: MessageTemplate | None
    ) -> dict[str, str]:
        words = {}
        if "title" in self.fields and chosen.title:
            replaceable = {"", clean_text(before.title) if before else ""}
            words["title"] = chosen.title if typed["title"] in replaceable else typed["title"]
        message, body = typed["message"], clean_text(chosen.body)
        replaceable = {"", clean_text(before.body) if before else "", str(self.fields["message"].initial or "")}
        if message in replaceable:
            words["message"] = body
        elif body not in message:
            words["message"] = f"{message}\n\n{body}"
        return words

    def _untouched(self, name: str) -> object:
        """What the field shows before anybody chose anything."""
        value = self.get_initial_for_field(self.fields[name], name)
        if value is None and name not in self.initial:
            choices = list(getattr(self.fields[name], "choices", []))
            value = choices[0][0] if choices else ""
        return getattr(value, "pk", value) if value is not None else ""


def _choices(template: MessageTemplate) -> dict[str, str]:
    """What a template says beside its words, by the names of fields."""
    said: dict[str, str] = {}
    if template.severity is not None:
        said["severity"] = str(template.severity.pk)
        status = STATUS_OF[Impact(template.severity.impact)]
        said |= {f"{PREFIX}{component.pk}": status.value for component in template.components.all()}
    elif template.kind == TemplateKind.INCIDENT:
        status = ComponentStatus.DEGRADED_PERFORMANCE
        said |= {f"{PREFIX}{component.pk}": status.value for component in template.components.all()}
    if template.status:
        said["status"] = template.status
    return said


def as_data(kept: Mapping[str, Any], prefix: str | None) -> QueryDict:
    """What `typed` kept, as a browser would send it."""
    data = QueryDict(mutable=True)
    for name, value in kept.items():
        if value is not False:
            data[f"{prefix}-{name}" if prefix else name] = "on" if value is True else str(value)
    # Nobody presses a button here.
    data["then"] = "draft"
    return data
