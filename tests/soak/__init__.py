"""A fleet lives days in minutes, and oracles compare what became of them with what truly happened.

`python -m tests.soak` runs a week (`make soak`). Stations and gateway code share one loop on virtual time (`week`);
what the gateway says stands in an embedded log, stamped with the time of that week. Then billing, monitoring and
alerting read the log as in production (`reading`), and the oracles judge their databases and topics (`oracles`).
"""
