"""What is promised when something breaks or is worked on, in words for everybody. No query."""

from collections.abc import Sequence
from dataclasses import dataclass

from incidents.enums import Promise
from incidents.maintenance.wording import hours_said
from incidents.models import MaintenanceKind, PostmortemRule, SeverityPolicy
from statuspage.web import wording

NOT_SET = "–"
SOONER = {
    Promise.BY: "",
    Promise.ON_CHANGE: " or on material change",
    Promise.MORE_INFORMATION: " or as soon as we know more",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityLine:
    name: str
    description: str
    first_update: str
    update_every: str
    afterwards: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindLine:
    """A kind of maintenance: how far ahead it is announced, and when a reason is given."""

    name: str
    description: str
    announced: str
    reason: str


def severity_line(policy: SeverityPolicy) -> SeverityLine:
    return SeverityLine(
        name=policy.name,
        description=policy.description or NOT_SET,
        first_update=NOT_SET if policy.first_update is None else f"Within {wording.exactly(policy.first_update)}",
        update_every=_updates(policy),
        afterwards=_afterwards(policy),
    )


def _updates(policy: SeverityPolicy) -> str:
    if policy.update_every is None:
        return "At resolution"
    return f"Every {wording.exactly(policy.update_every, 'every')}{SOONER[Promise(policy.promise)]}"


def _afterwards(policy: SeverityPolicy) -> str:
    said = []
    if policy.postmortem_business_days is not None:
        said.append(f"Postmortem within {wording.counted(policy.postmortem_business_days, 'business day')}")
    if policy.inline_summary:
        said.append("Summary on the resolved entry")
    return "; ".join(said) or "Not promised"


def kind_line(kind: MaintenanceKind) -> KindLine:
    late = "" if kind.lead_time is None else "If it is announced later, we say why"
    return KindLine(
        name=kind.name,
        description=kind.description,
        announced="As soon as we know" if kind.lead_time is None else f"At least {hours_said(kind.lead_time)} ahead",
        reason="We always say why" if kind.needs_reason else late or NOT_SET,
    )


def postmortem_sentences(rules: Sequence[PostmortemRule], holidays: str) -> tuple[str, ...]:
    """One for each rule, and one for the days that count."""
    if not rules:
        return ()
    found = []
    for rule in rules:
        which = []
        if rule.longer_than is not None:
            which.append(f"that lasts more than {wording.exactly(rule.longer_than)}")
        if rule.data_impact:
            which.append("with material data impact")
        within = wording.counted(rule.business_days, "business day")
        found.append(f"For any incident {' or '.join(which)} we publish a postmortem within {within}.")
    without = f", without the public holidays of {holidays}" if holidays else ""
    return (*found, f"Business days are Monday to Friday{without}.")
