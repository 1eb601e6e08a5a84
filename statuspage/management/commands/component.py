"""`manage.py component list|set`: the state of a component by hand, without the web."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from components.enums import ClaimSource, ComponentStatus
from components.models import Component
from components.services import set_staff_status
from statuspage.management.base import SentenceCommand
from statuspage.management.input import component_named, operator, status_named

AUTO = "auto"


class Command(SentenceCommand):
    help = "List the components, or say by hand in what state one is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="list|set")
        actions.add_parser("list", help="every component and its state")
        setting = actions.add_parser("set", help="say in what state a component is")
        setting.add_argument("slug")
        setting.add_argument(
            "status", help=f"{', '.join(_settable())}; {AUTO} takes the word back and leaves it to measurement"
        )

    def handle(self, *_args: object, **options: Any) -> None:
        if options["action"] == "list":
            self._list()
        else:
            self._set(component_named(options["slug"]), options["status"])

    def _list(self) -> None:
        components = list(Component.objects.active().select_related("group").prefetch_related("claims"))
        if not components:
            self.stdout.write("There are no components: load_config makes them.")
        width = max((len(component.slug) for component in components), default=0)
        for component in components:
            claims = [ClaimSource(claim.source).label.lower() for claim in component.claims.all()]
            says = f"  ({', '.join(sorted(set(claims)))})" if claims else ""
            self.stdout.write(f"{component.slug:{width}}  {component.status:20}  {component.full_name}{says}")

    def _set(self, component: Component, word: str) -> None:
        if word == AUTO:
            set_staff_status(component=component, status=None, actor=operator())
            said = "is left to measurement"
        else:
            status = status_named(word)
            if status is ComponentStatus.UNKNOWN:
                raise CommandError(f"unknown cannot be said by hand: {AUTO} leaves it to measurement.")
            set_staff_status(component=component, status=status, actor=operator())
            said = f"is {status.label.lower()}, staff say"
        self.stdout.write(f"{component.slug} {said}; visitors see {component.state.label.lower()}.")


def _settable() -> list[str]:
    return [status.value for status in ComponentStatus if status is not ComponentStatus.UNKNOWN]
