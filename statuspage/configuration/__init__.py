"""Configuration as code: a TOML file, validated whole, then applied in one transaction.

source   reads the file and knows on which line each key is
table    reads one table, noting every key that is wrong instead of stopping at the first
moments  moments as a file says them, absolute or counted from the moment of loading
entries  what entries share that are said: what they may refer to, by what they are known again, how they are refused
said     policies, incidents, maintenance, series, postmortems, templates and pages, each in a module of its name
parse    file → `Configuration`, a value, with everything that is wrong in it
apply    `Configuration` → rows, and what changed
"""
