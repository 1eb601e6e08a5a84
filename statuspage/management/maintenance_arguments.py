"""The flags of `manage.py maintenance`."""

from argparse import ArgumentParser
from collections.abc import Iterable
from typing import Any

from incidents.enums import MaintenanceImpact, MaintenanceStatus

MESSAGE = "Markdown for everybody; - reads standard input"
TIME = "such as 2026-12-01T02:00 (the page's clock), with an offset, or 90m from now"


def add_actions(actions: Any) -> None:
    _schedule(actions.add_parser("schedule", help="announce a window; prints its reference"))
    _edit(actions.add_parser("edit", help="change what is named; a window that is moved says so"))
    steps = (("start", "begin it now"), ("complete", "end it now"), ("cancel", "it will not be"))
    for action, what in steps:
        step = _of_window(actions.add_parser(action, help=what))
        step.add_argument("--message", required=action == "cancel", help=MESSAGE)
        step.add_argument("--quiet", action="store_true", help="subscribers are not told")
    _progress(actions)
    _of_window(actions.add_parser("take-over", help="an imported window is ours from now on"))
    _of_window(actions.add_parser("show", help="services, steps and updates of a window"))
    actions.add_parser("list", help="windows that run or are to come, and the last ten")
    _series(actions.add_parser("series", help="windows that come back"))


def _of_window(parser: ArgumentParser) -> ArgumentParser:
    parser.add_argument("reference", help="such as MNT-2026-1201-a")
    return parser


def _schedule(parser: ArgumentParser) -> None:
    parser.add_argument("--title", required=True, help="what is done, in a few words")
    parser.add_argument("--from", dest="begin", required=True, metavar="TIME", help=TIME)
    parser.add_argument("--until", dest="end", required=True, metavar="TIME", help=TIME)
    parser.add_argument("--started", metavar="TIME", help="it began then already, whatever is announced")
    parser.add_argument("--message", required=True, help=MESSAGE)
    parser.add_argument("--reference", help="instead of the next free one of the day")
    parser.add_argument("--reason", default="", help="why it is urgent, or announced late; shown")
    parser.add_argument("--what-to-do", default="", help="Markdown: what customers can do meanwhile")
    parser.add_argument("--phase", default="", help="a word for what is being done now")
    _plan(parser)
    parser.add_argument("--service", dest="services", action="append", default=[], metavar="SLUG=STATE[@ETA]")
    _steps(parser)
    parser.add_argument("--start-by-hand", action="store_true", help="it does not begin by itself")
    parser.add_argument("--end-by-hand", action="store_true", help="it does not end by itself")
    parser.add_argument("--quiet", action="store_true", help="subscribers are not told of the announcement")
    parser.add_argument("--quiet-start", action="store_true", help="nor of the beginning")
    parser.add_argument("--quiet-end", action="store_true", help="nor of the end")


def _plan(parser: ArgumentParser) -> None:
    """What a window and a series have in common."""
    parser.add_argument("--component", dest="components", action="append", default=[], metavar="SLUG")
    parser.add_argument("--region", dest="regions", action="append", default=[], metavar="SLUG")
    parser.add_argument("--kind", help="such as routine; it says how far ahead a window is announced")
    parser.add_argument("--downtime", choices=("yes", "no"), help="whether downtime is expected")
    parser.add_argument("--platform-down", action="store_true", help="/maintenance/ answers 503 while it runs")
    parser.add_argument("--impact", default="", choices=MaintenanceImpact.values)
    parser.add_argument("--note", default="", help="what customers will notice, such as read-only mode")
    parser.add_argument("--reminder", dest="reminders", action="append", default=[], metavar="DURATION")


def _steps(parser: ArgumentParser) -> None:
    parser.add_argument("--step", dest="steps", action="append", default=[], metavar="TITLE", help="one of the steps")
    parser.add_argument("--steps", dest="steps_file", metavar="FILE", help="TOML or JSON: [[steps]] title, body")


def _edit(parser: ArgumentParser) -> None:
    _of_window(parser)
    for name in ("title", "kind", "reason", "impact", "note", "phase", "what-to-do"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--downtime", choices=("yes", "no"))
    parser.add_argument("--from", dest="begin", metavar="TIME", help=TIME)
    parser.add_argument("--until", dest="end", metavar="TIME", help=TIME)
    parser.add_argument("--component", dest="components", action="append", metavar="SLUG")
    parser.add_argument("--region", dest="regions", action="append", metavar="SLUG")
    parser.add_argument("--reminder", dest="reminders", action="append", metavar="DURATION")
    parser.add_argument("--message", default="", help=MESSAGE)
    parser.add_argument("--notify", action="store_true", help="subscribers are told of the update")


def _progress(actions: Any) -> None:
    update = _of_window(actions.add_parser("update", help="say something"))
    update.add_argument("--message", required=True, help=MESSAGE)
    update.add_argument("--status", help=_one_of(MaintenanceStatus.values))
    update.add_argument("--quiet", action="store_true", help="subscribers are not told")
    extend = _of_window(actions.add_parser("extend", help="it takes longer than was announced"))
    extend.add_argument("--until", dest="end", required=True, metavar="TIME", help=TIME)
    extend.add_argument("--message", default="", help=MESSAGE)
    extend.add_argument("--quiet", action="store_true", help="subscribers are not told")
    estimate = _of_window(actions.add_parser("estimate", help="when it is expected to end"))
    estimate.add_argument("at", metavar="TIME", help=f"{TIME}; none takes it back")
    service = _of_window(actions.add_parser("service", help="the state of one component"))
    service.add_argument("service", metavar="SLUG=STATE[@ETA]", help="such as web=offline@12m")
    advance = _of_window(actions.add_parser("advance", help="the step that runs is done, the next one begins"))
    advance.add_argument("--message", default="", help=MESSAGE)
    advance.add_argument("--notify", action="store_true", help="subscribers are told")
    skip = _of_window(actions.add_parser("skip", help="a step is not done"))
    skip.add_argument("number", type=int, help="1 is the first")
    _steps(_of_window(actions.add_parser("steps", help="these steps instead of those there are")))


def _series(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="series_action", required=True, metavar="create|list|end")
    create = actions.add_parser("create", help="a rule from which windows are made")
    create.add_argument("--slug", default="", help="its name; without it the title makes one")
    create.add_argument("--title", required=True)
    create.add_argument("--message", required=True, help=MESSAGE)
    create.add_argument("--rrule", required=True, help="RFC 5545, such as FREQ=MONTHLY;BYDAY=1TU,3TU")
    create.add_argument("--first-date", required=True, metavar="DATE", help="the day from which the rule counts")
    create.add_argument("--begins", required=True, metavar="HH:MM", help="on the page's clock")
    create.add_argument("--duration", required=True, metavar="DURATION")
    create.add_argument("--announce-before", required=True, metavar="DURATION")
    _plan(create)
    actions.add_parser("list", help="all series, with their next windows")
    end = actions.add_parser("end", help="no more windows are made")
    end.add_argument("slug")
    end.add_argument("--cancel-announced", action="store_true", help="those announced do not take place either")


def _one_of(words: Iterable[str]) -> str:
    return f"one of {', '.join(words)}"
