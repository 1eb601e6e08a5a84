"""The incident a probe opened, from its first recovery on.

An outage that ends is resolved at once. If another one begins within the probe's `hold`, it is the same trouble: the
incident is reopened instead of a second one being opened. From then on it counts as coming and going: a recovery is
only `monitoring`, and it is over when the component has been up for the probe's `calm`. What is said in between is
said at most every ten minutes and mailed to nobody; the component's own state shows each change as it is measured.

Once staff have spoken on an incident they lead it, and end it when they know enough.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta

from components.enums import ComponentStatus
from components.models import Component
from incidents.enums import IncidentStatus, Origin
from incidents.models import Incident
from incidents.services import post_update, resolve_incident
from probes.models import Probe, Rule
from probes.standings import Reading, read_probes
from probes.trouble import Trouble, outage
from probes.wording import recovery, said
from statuspage.core import clock
from statuspage.core.durations import say_duration
from statuspage.core.errors import DomainError

logger = logging.getLogger(__name__)

KEY_PREFIX = "probe:"
BETWEEN_WORDS = timedelta(minutes=10)


def dedupe_key(component: Component) -> str:
    return f"{KEY_PREFIX}{component.slug}"


def open_incidents() -> Iterable[Incident]:
    """Those that probes opened, oldest first."""
    return Incident.objects.open().filter(origin=Origin.PROBE, dedupe_key__startswith=KEY_PREFIX).order_by("pk")


def sweep() -> None:
    """End what has been calm for long enough, where no result comes to say so. One query while nothing is open."""
    incidents = {incident.dedupe_key: incident for incident in open_incidents()}
    slugs = [key.removeprefix(KEY_PREFIX) for key in incidents]
    for component in Component.objects.filter(slug__in=slugs).order_by("pk") if slugs else ():
        settle_incident(incidents[dedupe_key(component)], component)


def reopen(trouble: Trouble) -> bool:
    """Whether it belongs to an incident of ours that ended just before it, which is open again now."""
    component = trouble.component
    last = Incident.objects.shown().resolved().filter(dedupe_key=dedupe_key(component), origin=Origin.PROBE)
    incident = last.order_by("-resolved_at").first()
    began = trouble.since or clock.now()
    if incident is None or incident.resolved_at is None or staff_lead(incident):
        return False
    if began - incident.resolved_at >= trouble.probe.hold:
        return False
    calm = say_duration(trouble.probe.calm)
    well = "it has been responding" if trouble.is_silence else "all has been well"
    try:
        post_update(
            incident=incident,
            status=IncidentStatus.INVESTIGATING,
            message=f"{trouble.again} {trouble.sentence} It comes and goes: "
            f"this is over once {well} for {calm} without a break.",
            impacts={component: trouble.impact},
        )
    except DomainError:
        logger.exception("%s could not be opened again.", incident.reference)
        return False
    return True


def say_it_fails_again(incident: Incident, trouble: Trouble) -> None:
    """Only of an incident of ours, and only if the last word was that it is better."""
    component = trouble.component
    if incident.dedupe_key != dedupe_key(component) or incident.state is not IncidentStatus.MONITORING:
        return
    leads = staff_lead(incident)
    if not leads and _spoke_just_now(incident):
        return
    post_update(
        incident=incident,
        status=IncidentStatus.INVESTIGATING,
        message=f"{trouble.again} {trouble.sentence}",
        impacts={component: trouble.impact},
        notify=leads,
    )


def settle_incident(incident: Incident, component: Component) -> None:
    """Where every probe of the component is up again it is over, or has to stay calm; what fails again is said."""
    probes = Probe.objects.active().filter(component=component).select_related("component")
    readings = read_probes(probes)
    down = next((reading for reading in readings if reading.verdict.is_down and reading.probe.opens_incident), None)
    try:
        if down is not None:
            say_it_fails_again(incident, outage(down))
        elif not a_rule_fires(component) and _are_well(readings):
            _say_it_is_over(incident, component, readings)
    except DomainError:
        logger.exception("%s could not be gone on with.", incident.reference)


def a_rule_fires(component: Component) -> bool:
    """One that opens incidents: while it does, this one is not over."""
    return Rule.objects.filter(
        probe__component=component, probe__has_rules=True, opens_incident=True, firing_since__isnull=False
    ).exists()


def _are_well(readings: list[Reading]) -> bool:
    verdicts = [reading.verdict for reading in readings]
    if any(verdict.is_in_trouble or verdict.is_down for verdict in verdicts):
        return False
    return any(verdict.status is not None for verdict in verdicts)


def _say_it_is_over(incident: Incident, component: Component, readings: list[Reading]) -> None:
    ended_at = _end_of(incident, readings)
    probes, rules = _what_ended(incident, readings)
    again = f"{recovery(probes, rules, component=component.name)} since {said(ended_at)}."
    if staff_lead(incident):
        _leave_it_to_staff(incident, again)
        return
    lasted = say_duration(ended_at - incident.started_at)
    if not _comes_and_goes(incident):
        subject = "The outage" if probes or any(rule.fails for rule in rules) else "It"
        resolve_incident(incident=incident, message=f"{again} {subject} lasted {lasted}.", resolved_at=ended_at)
        return
    calm = max(reading.probe.calm for reading in readings)
    if clock.now() - ended_at >= calm:
        resolve_incident(
            incident=incident,
            message=f"{again} It came and went for {lasted} before.",
            resolved_at=ended_at,
        )
    elif incident.state is not IncidentStatus.MONITORING and not _spoke_just_now(incident):
        post_update(
            incident=incident,
            status=IncidentStatus.MONITORING,
            message=f"{again} It comes and goes, so we wait until all has been well for {say_duration(calm)}.",
            impacts={component: ComponentStatus.DEGRADED_PERFORMANCE},
            notify=False,
        )


def _leave_it_to_staff(incident: Incident, again: str) -> None:
    """They end it when they know enough. We say once what we measure."""
    newest = incident.updates.order_by("-created_at", "-pk").values_list("author", "status").first()
    if newest != ("", IncidentStatus.MONITORING):
        post_update(incident=incident, status=IncidentStatus.MONITORING, message=again)


def _end_of(incident: Incident, readings: list[Reading]) -> datetime:
    """When the last of the probes came back and the last rule on them ceased to fire, as far as we know."""
    now = clock.now()
    ends = [reading.verdict.up_since for reading in readings]
    rules = Rule.objects.filter(probe__in=[reading.probe for reading in readings], opens_incident=True)
    ends += rules.values_list("ceased_at", flat=True)
    return min(now, max((end for end in ends if end is not None and end >= incident.started_at), default=now))


def _what_ended(incident: Incident, readings: list[Reading]) -> tuple[list[Probe], list[Rule]]:
    """The probes and the rules that open incidents and whose trouble ended while this one was open. One query."""
    since = incident.started_at
    probes = [
        reading.probe
        for reading in readings
        if reading.probe.opens_incident and reading.verdict.up_since and reading.verdict.up_since >= since
    ]
    rules = Rule.objects.filter(probe__in=[reading.probe for reading in readings], opens_incident=True)
    return probes, list(rules.filter(ceased_at__gte=since).select_related("probe").order_by("probe_id", "position"))


def _comes_and_goes(incident: Incident) -> bool:
    """It was over once already."""
    return incident.updates.filter(status=IncidentStatus.RESOLVED).exists()


def staff_lead(incident: Incident) -> bool:
    return incident.updates.exclude(author="").exists()


def _spoke_just_now(incident: Incident) -> bool:
    last = incident.updates.order_by("-created_at").values_list("created_at", flat=True).first()
    return last is not None and timedelta() <= clock.now() - last < BETWEEN_WORDS
