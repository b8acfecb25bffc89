"""What a station said, as facts; and what it is answered. Pure tables, one per OCPP version.

Nothing here waits, reads a clock or fails on what a station sends: what needs I/O or time is handed in
by the session (`table.Speaker`, `table.Reading`), and what is odd is noted, never refused.
"""
