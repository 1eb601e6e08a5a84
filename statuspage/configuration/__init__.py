"""Configuration as code: a TOML file, validated whole, then applied in one transaction.

source  reads the file and knows on which line each key is
table   reads one table, noting every key that is wrong instead of stopping at the first
parse   file → `Configuration`, a value, with everything that is wrong in it
apply   `Configuration` → rows, and what changed
"""
