import pytest

from incidents.enums import TRANSITIONS, IncidentStatus
from incidents.models import Incident
from statuspage.core.errors import InvalidTransition


@pytest.mark.parametrize("old", list(IncidentStatus))
@pytest.mark.parametrize("new", list(IncidentStatus))
def test_only_resolving_what_is_resolved_is_refused(old: IncidentStatus, new: IncidentStatus) -> None:
    incident = Incident(reference="INC-2026-1121-a", status=old)
    if old is new is IncidentStatus.RESOLVED:
        with pytest.raises(InvalidTransition, match="INC-2026-1121-a is resolved: it cannot become resolved"):
            incident.check_transition(new)
    else:
        incident.check_transition(new)
        assert new in TRANSITIONS[old]
