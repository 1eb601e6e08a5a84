"""Rules on results, as data: when something is so for long enough, and what that means for others.

`conditions` and `sentences` are pure; `spec` reads a rule out of the configuration; `recording` moves the rules of a
batch; `effects` makes claims, incidents and signals of them; `services` writes and takes away the rows.
"""
