"""`/v1/status/…`: what programs read of incidents, uptime, objectives and the SLA.

parameters  the query of a request, read strictly
answers     what every answer has: methods, CORS, entity tags, limits
documents   `/v1/status/sla`, a hot document
slo         `/v1/status/slo`
incidents   `/v1/status/incidents` and one by its reference; `incidents_asked` reads the filters
intervals   `/v1/status/intervals.json` and `.csv`
"""
