"""The titles and sentences of the incidents that probes and their rules open and end.

Each speaks of what was measured: that a certificate ends is no silence, and a backlog that shrank no answer.
"""

import re
from collections.abc import Iterable
from datetime import datetime

from probes.enums import ProbeKind, RuleKind
from probes.models import Heartbeat, Probe, Rule, WorkerHeartbeat
from probes.rules.sentences import say_number
from probes.standings import Reading
from statuspage.core import clock

NOT_RESPONDING = "{} is not responding"
TITLES: dict[str, str] = {
    ProbeKind.HEARTBEAT: "No heartbeat from {}",
    ProbeKind.WORKERS: "Workers of {} are not reporting",
    ProbeKind.DISK: "{} is short of disk space",
    ProbeKind.DNS: "DNS of {} does not answer as expected",
    ProbeKind.TLS: "The TLS check of {} fails",
    ProbeKind.ICMP: "{} does not answer pings",
    ProbeKind.JSON: "A value of {} is not as expected",
    ProbeKind.S3: "The bucket of {} is not available",
    ProbeKind.SMTP: "The mail server of {} is not responding as it should",
}
FAILED_TITLES: dict[str, str] = {
    ProbeKind.HEARTBEAT: "{} reported a failure",
    ProbeKind.WORKERS: "A worker of {} reported a failure",
}
RECOVERED: dict[str, str] = {
    ProbeKind.HEARTBEAT: "{} has reported in time again",
    ProbeKind.WORKERS: "the workers of {} have reported in time again",
    ProbeKind.DISK: "{} has had enough disk space again",
    ProbeKind.DNS: "DNS of {} has answered as expected again",
    ProbeKind.TLS: "the certificate of {} has been in order again",
    ProbeKind.ICMP: "{} has answered pings again",
    ProbeKind.JSON: "the values of {} have been as expected again",
    ProbeKind.S3: "the bucket of {} has been available again",
    ProbeKind.SMTP: "the mail server of {} has been responding again",
}
# However a certificate is asked for, by a probe of its own or on the way to an answer, the words begin so.
CERTIFICATE = re.compile(r"The (?:intermediate )?certificate\b")


def outage_title(reading: Reading) -> str:
    """`"API gateway is not responding"`: what the probe found, in a few words. One query for heartbeats alone."""
    probe = reading.probe
    title = failing_title(probe)
    if CERTIFICATE.match(reading.detail):
        title = _certificate_title(reading.detail)
    elif _reported_a_failure(probe):
        title = FAILED_TITLES[probe.kind]
    elif probe.kind == ProbeKind.DISK and reading.detail.startswith("The folder"):
        title = "{} cannot write to its disk"
    return title.format(probe.component.name)


def failing_title(probe: Probe) -> str:
    """For a component's name: that checks of this kind fail, whatever they found."""
    return TITLES.get(probe.kind, NOT_RESPONDING)


def _certificate_title(detail: str) -> str:
    if "not trusted" in detail:
        return "The certificate of {} is not trusted"
    if "expired" in detail:
        return "The certificate of {} has expired"
    return "The certificate of {} is about to expire" if "expires" in detail else "The certificate of {} is not valid"


def _reported_a_failure(probe: Probe) -> bool:
    if probe.kind == ProbeKind.HEARTBEAT:
        return Heartbeat.objects.filter(probe=probe, failed=True).exists()
    return probe.kind == ProbeKind.WORKERS and WorkerHeartbeat.objects.filter(probe=probe, failed=True).exists()


def relapse(title: str, component: str) -> str:
    """What is said where a trouble of this title is back."""
    if title == NOT_RESPONDING.format(component):
        return f"{component} is failing again."
    return f"{title} again."


def recovery(probes: Iterable[Probe], rules: Iterable[Rule], *, component: str) -> str:
    """`"API gateway has been responding again"`: what ended, of these outages and rules, without its time."""
    ended = [RECOVERED.get(probe.kind, "{} has been responding again").format(component) for probe in probes]
    ended += [_rule_recovery(rule, component) for rule in rules]
    *others, last = dict.fromkeys(ended or [f"{component} has been well again"])
    sentence = f"{', '.join(others)} and {last}" if others else last
    # Names begin as they are written: ours do with a capital.
    return sentence[0].upper() + sentence[1:] if sentence.startswith("the ") else sentence


def _rule_recovery(rule: Rule, component: str) -> str:
    kind = RuleKind(rule.kind)
    name, limit = rule.probe.name, say_number(kind, rule.limit)
    number = rule.value.replace("_", " ") or "the value"
    return {
        RuleKind.CONSECUTIVE_FAILURES: RECOVERED.get(rule.probe.kind, "{} has been responding again").format(
            component
        ),
        RuleKind.LATENCY_ABOVE: f"{name} has answered within {limit} again",
        RuleKind.HEARTBEAT_OLDER_THAN: f"{name}: the last heartbeat has been at most {limit} old again",
        RuleKind.VALUE_ABOVE: f"{name}: {number} has been at most {limit} again",
        RuleKind.VALUE_BELOW: f"{name}: {number} has been at least {limit} again",
        RuleKind.VALUE_GROWING: f"{name}: {number} has grown no more",
    }[kind]


def failure_sentence(reading: Reading) -> str:
    """What failed, how often, from where and since when, in one sentence."""
    since = reading.verdict.down_since or clock.now()
    return f"The check “{reading.probe.name}” has failed {_how(reading)} since {said(since)}: {_why(reading)}."


def said(moment: datetime) -> str:
    """`"12:00 UTC"`, with its day if that is not today."""
    return f"{moment:%H:%M} UTC" if moment.date() == clock.now().date() else f"{moment:%d %B %H:%M} UTC"


def _how(reading: Reading) -> str:
    failing = [name for name, row in reading.rows.items() if row.track.is_outage]
    if len(reading.rows) > 1 and failing:
        *others, last = failing
        return f"from {', '.join(others)} and {last}" if others else f"from {last}"
    failures = max((row.failures for row in reading.rows.values()), default=0)
    return "once" if failures == 1 else f"{failures} times in a row"


def _why(reading: Reading) -> str:
    return reading.detail.rstrip(".")
