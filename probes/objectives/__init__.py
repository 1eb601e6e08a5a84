"""What was promised, and what became of it: objectives, error budgets, monthly reports, SLA tiers and credits.

percent     percentages: read exactly, floored when shown, compared as integers
arithmetic  availability, budgets, burn rates, latency shares: from counts to figures
combining   several components as one: slot by slot
readings    the shapes that reports have
report      which promise was kept: months, now, misses, SLA
services    what the configuration says becomes rows; changed terms begin anew
targets     the name under which a probe's checks are published
sla_feed    checks by target over thirty days
"""
