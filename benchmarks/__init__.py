"""What the gateway costs, beside references measured in the same run: `python -m benchmarks`.

Read `__main__` first, then `plan` (what is measured, in which order), `contestants` (the servers under
measure), `stations` (the load) and `report` (the table).
"""
