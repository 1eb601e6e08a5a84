"""The console without a browser: a screen is fetched, what a browser would send of a form is sent, by its button."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx

from tests.journeys.stack import Stack

INCIDENTS = "/admin/incidents/incident"
REFUSAL = re.compile(r'class="refusal"[^>]*>([^<]+)')
SIGN_IN = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
for name in {names!r}:
    user = User.objects.create_superuser(name, f"{{name}}@example.com", "of-no-use-here")
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    print(session.session_key)
"""


@dataclass(slots=True)
class Button:
    """`name` and `value` are sent by the form if this is the button that was pressed."""

    name: str
    value: str
    action: str | None
    text: str = ""


@dataclass(slots=True)
class Form:
    """What a browser would send of it as it stands: `values` without boxes that are not ticked."""

    action: str
    names: set[str] = field(default_factory=set)
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)

    def fill(self, typed: Mapping[str, str | None]) -> dict[str, str]:
        """With what was typed: a choice by its value or by how its words begin, None for a box that is not ticked."""
        data = dict(self.values)
        for name, value in typed.items():
            assert name in self.names, f"The form has no field {name!r}, only {sorted(self.names)}."
            if value is None:
                data.pop(name, None)
            else:
                data[name] = self._chosen(name, value)
        return data

    def _chosen(self, name: str, value: str) -> str:
        choices = self.choices.get(name)
        if choices is None or value in choices:
            return value
        found = [key for key, words in choices.items() if words.startswith(value)]
        assert len(found) == 1, f"{value!r} is not one of {choices}."
        return found[0]


class Forms(HTMLParser):
    """All forms of a page that are posted."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._form: Form | None = None
        self._select = self._option = self._textarea = ""
        self._text: list[str] | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form = Form(action=said.get("action", ""))
            if said.get("method", "").lower() == "post":
                self.found.append(self._form)
        elif self._form is not None:
            self._control(self._form, tag, said)

    def _control(self, form: Form, tag: str, said: dict[str, str]) -> None:
        name = said.get("name", "")
        if tag == "button":
            form.buttons.append(Button(name=name, value=said.get("value", ""), action=said.get("formaction")))
            self._text = []
        elif tag == "option" and self._select:
            self._option = said.get("value", "")
            if "selected" in said or self._select not in form.values:
                form.values[self._select] = self._option
            self._text = []
        elif name:
            form.names.add(name)
            if tag == "select":
                self._select, form.choices[name] = name, {}
            elif tag == "textarea":
                self._textarea, self._text = name, []
            elif said.get("type") != "checkbox":
                form.values[name] = said.get("value", "")
            elif "checked" in said:
                form.values[name] = said.get("value", "on")

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        form, words = self._form, "".join(self._text or ())
        if form is None or tag not in {"form", "button", "option", "select", "textarea"}:
            return
        if tag == "form":
            self._form = None
        elif tag == "button":
            form.buttons[-1].text = " ".join(words.split())
        elif tag == "option" and self._select:
            form.choices[self._select][self._option] = " ".join(words.split())
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            # HTML leaves out a line end right behind the tag.
            form.values[self._textarea] = words.removeprefix("\r").removeprefix("\n")
        self._text = None


@dataclass(frozen=True, slots=True)
class Screen:
    """A page of the console, and the address it stands at."""

    path: str
    html: str

    def form_with(self, button: str) -> tuple[Form, Button]:
        """By the words on its button, or how they begin."""
        forms = Forms(self.html).found
        pairs = [(form, one) for form in forms for one in form.buttons if one.text.startswith(button)]
        assert pairs, f"{self.path} has no button {button!r}: {[one.text for form in forms for one in form.buttons]}"
        return pairs[0]

    @property
    def pk(self) -> int:
        """Of the row that the screen is about."""
        return int(self.path.split("/")[4])


@dataclass(frozen=True, slots=True)
class Ready:
    """A form that is filled in and not sent yet."""

    path: str
    data: dict[str, str]


class Console:
    """What one colleague sees and does."""

    def __init__(self, stack: Stack, session: str) -> None:
        self._client = httpx.Client(
            base_url=stack.url, cookies={"sessionid": session}, timeout=20, trust_env=False, follow_redirects=True
        )

    def close(self) -> None:
        self._client.close()

    def open(self, path: str) -> Screen:
        answer = self._client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.status_code}\n{answer.text[:2000]}"
        return Screen(path=answer.url.raw_path.decode(), html=answer.text)

    def fill(self, at: Screen | str, button: str, typed: Mapping[str, str | None] | None = None) -> Ready:
        screen = at if isinstance(at, Screen) else self.open(at)
        form, pressed = screen.form_with(button)
        data = form.fill(typed or {})
        if pressed.name:
            data[pressed.name] = pressed.value
        action = form.action if pressed.action is None else pressed.action
        # An address without a path is that of the screen, with what was asked there.
        return Ready(path=urljoin(screen.path, action), data=data)

    def send(self, ready: Ready, *, stays: bool = False) -> Screen:
        """The screen after it. A form that is shown again was refused, unless it `stays` on purpose."""
        answer = self._client.post(ready.path, data=ready.data)
        assert answer.status_code == 200, f"{ready.path}: {answer.status_code}\n{answer.text[:2000]}"
        assert stays or answer.history, f"{ready.path} was refused: {REFUSAL.findall(answer.text)}"
        return Screen(path=answer.url.raw_path.decode(), html=answer.text)

    def press(
        self, at: Screen | str, button: str, typed: Mapping[str, str | None] | None = None, *, stays: bool = False
    ) -> Screen:
        return self.send(self.fill(at, button, typed), stays=stays)


def colleagues(stack: Stack, *names: str) -> list[Console]:
    """Accounts with every permission, signed in."""
    keys = stack.manage("shell", "-v0", "-c", SIGN_IN.format(names=names)).split()
    return [Console(stack, key) for key in keys]


def declare(ana: Console, stack: Stack, title: str, slug: str = "api", **more: str | None) -> Screen:
    """Critical, and half of one component is gone."""
    ((pk,),) = stack.query("SELECT id FROM components_component WHERE slug = %s", slug)
    typed = {"title": title, "severity": "Critical", "message": "We look.", f"component-{pk}": "partial_outage"}
    return ana.press(f"{INCIDENTS}/add/", "Publish the incident", typed | more)


def reference_of(stack: Stack, screen: Screen) -> str:
    return str(stack.query("SELECT reference FROM incidents_incident WHERE id = %s", screen.pk)[0][0])
