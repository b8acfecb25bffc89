"""From a command's record to the gateway that holds its station, and to its one result.

`partition` is the whole of it for one partition, pure: records and ticks in, actions out. `ledger` knows
the open commands, `holders` who holds which station, `living` which gateways live, `requests` and `words` what is
read and written. `router` is the thin shell that reads the log and tells the time, `errands` appends what is to be done.
"""
