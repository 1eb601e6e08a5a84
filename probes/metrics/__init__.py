"""Public counters and series: numbers that other systems push and the page shows.

minutes    time in whole minutes (pure)
push       a push, read: which number belongs to which minute (pure)
services   a push recorded
selectors  the tiles of the page, and the snapshot of `/status.json`
retention  what is old enough to go
"""
