"""What an incident of ours is about: an outage that a probe measured, or a rule on its results that fires."""

from dataclasses import dataclass
from datetime import datetime

from components.enums import ComponentStatus
from components.models import Component
from incidents.models import SeverityPolicy
from probes.models import Probe
from probes.standings import Reading
from probes.wording import NOT_RESPONDING, failure_sentence, outage_title, relapse


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One reason for an incident. `since` None is now; no severity is the worst of the ladder."""

    probe: Probe
    title: str
    sentence: str
    since: datetime | None
    impact: ComponentStatus
    severity: SeverityPolicy | None

    @property
    def component(self) -> Component:
        return self.probe.component

    @property
    def is_silence(self) -> bool:
        """Whether what is over again is that it does not respond."""
        return self.title == NOT_RESPONDING.format(self.component.name)

    @property
    def again(self) -> str:
        """That it is back."""
        return relapse(self.title, self.component.name)


def outage(reading: Reading) -> Trouble:
    """The probe is down. Reads its component and severity."""
    probe = reading.probe
    return Trouble(
        probe=probe,
        title=outage_title(reading),
        sentence=failure_sentence(reading),
        since=reading.verdict.down_since,
        impact=ComponentStatus.MAJOR_OUTAGE,
        severity=probe.severity,
    )
