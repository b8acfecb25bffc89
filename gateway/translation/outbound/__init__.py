"""What a station is asked, in its own version's words, and its answer in everybody's. Pure.

A command becomes a `plan`: a generator of CALLs. `requests` finds the plan; `v16` and `v2x` hold the tables.
"""
