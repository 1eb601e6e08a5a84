"""Which promise was kept: by month, now, last month, and by the SLA.

month_report("2026-10")  MonthReport; NotFound for a month without a report, ValidationFailed for what is no month
current_objectives()     tuple[ObjectiveRow, ...]: each promise in its window as it stands now, with burn rates
missed_last_month()      tuple[Miss, ...]: for the front page of the month after
sla_report()             SlaReport | None: the SLA in its window as it stands now
"""

from probes.objectives.readings import (
    Band,
    Budget,
    Burn,
    ComponentRef,
    Figures,
    Miss,
    MonthReport,
    ObjectiveRow,
    Part,
    SlaReport,
    TierRow,
    Unit,
    Verdict,
)

__all__ = [
    "Band",
    "Budget",
    "Burn",
    "ComponentRef",
    "Figures",
    "Miss",
    "MonthReport",
    "ObjectiveRow",
    "Part",
    "SlaReport",
    "TierRow",
    "Unit",
    "Verdict",
]
