"""A file that says one of everything: an incident, windows, a postmortem, policies, words."""

from tests.unit.configuration.conftest import WHOLE

INCIDENT = '''
[[incidents]]
reference = "INC-2026-0814-a"
title = "Automations are not sent"
severity = "critical"
started_at = "2026-08-14 13:10"
data_impact = true
root_cause = "A lock."
remediation = "An alarm."

[[incidents.updates]]
status = "identified"
at = 2026-08-14T12:23:00Z
message = """
It is the database:

* automations are **not** sent
"""
components = { api = "major_outage" }
next_update = "1h"
promise = "more_information"

[[incidents.updates]]
status = "resolved"
at = "2026-08-15T05:37Z"
message = "All is well."
author = "on-call"
components = { api = "operational" }
'''
OPEN = """
[[incidents]]
key = "db-outage"
title = "Requests fail"
severity = "critical"
started_at = "now-20m"

[[incidents.updates]]
status = "investigating"
at = "now-10m"
message = "We are looking."
components = { api = "partial_outage" }
"""
POSTMORTEM = """
[[postmortems]]
incident = "INC-2026-0814-a"
published_at = "2026-08-21T07:11Z"
summary = "The database stood still."
prevention = "Smaller transactions."
"""
WINDOW = """
[[maintenance]]
reference = "MNT-2026-1121-a"
title = "Upgrades"
message = "We upgrade."
from = "now-28m"
until = "now+32m"
started_at = "now-14m"
takes_platform_down = true
phase = "investigating"
impact = "low"
impact_note = "read-only mode"
regions = ["eu-west", "moon"]
what_to_do = "Nothing."

[[maintenance.services]]
component = "api"
state = "offline"
eta = "now+12m"

[[maintenance.steps]]
title = "Pre-flight checks"
state = "done"
finished_at = "now-13m"

[[maintenance.steps]]
title = "Migrations"
body = "3 of 7."
state = "running"

[[maintenance.steps]]
title = "Smoke tests"
"""
COMING = """
[[maintenance]]
key = "postgres-18"
title = "PostgreSQL 18"
message = "We upgrade the database."
kind = "routine"
from = "now+4d 02:00"
until = "now+4d 04:00"
components = ["api"]
expects_downtime = false
reminders = ["24h", "1h"]
"""
SERIES = """
[[maintenance_series]]
slug = "twice-a-month"
title = "Routine updates"
message = "Routine updates."
rrule = "FREQ=MONTHLY;BYDAY=1TU,3TU"
first_date = "now+4d"
begins = "02:00"
duration = "2h"
announce_before = "7d"
kind = "routine"
components = ["api"]
reminders = ["24h"]
expects_downtime = false
"""
POLICIES = """
[[policies]]
kind = "maintenance"
slug = "routine"
name = "Routine"
lead_time = "72h"
description = "Twice a month."

[[policies]]
kind = "maintenance"
slug = "ad-hoc"
name = "Ad-hoc"
needs_reason = true

[[policies]]
kind = "postmortem"
slug = "long-or-data"
longer_than = "30m"
data_impact = true
due = "5bd"
"""
WORDS = """
[[templates]]
slug = "slow"
name = "It is slow"
kind = "incident"
title = "[[service]] is slow"
body = "We see slow answers of [[service]]."
severity = "critical"
status = "investigating"
components = ["api"]

[[pages]]
slug = "what-counts"
title = "What counts as an incident"
body = "* Anything that is **broken**"
places = ["footer", "report"]
"""
EVERYTHING = WHOLE + POLICIES + INCIDENT + OPEN + POSTMORTEM + WINDOW + COMING + SERIES + WORDS
