"""`/v1/status/…`: what programs read of uptime, objectives and the SLA.

parameters  the query of a request, read strictly
answers     what every answer has: methods, CORS, entity tags, limits
documents   `/v1/status/sla`, a hot document
slo         `/v1/status/slo`
intervals   `/v1/status/intervals.json` and `.csv`
"""
