"""`/metrics`: what a Prometheus reads of us.

access       who may read it
parts        what is measured, part by part: each a function that yields metric families
views        all parts as text

A new part is one function in `parts` (or a module beside it) and one line in `parts.PARTS`. Everything is read from
rows or from the publisher's memory, so that any web process answers for the whole page, also while workers are dead.
"""
