"""The HTTP API: commands for stations and who is connected where, for backends that prefer HTTP to topics.

It holds nothing that the log does not hold: any gateway takes a command for any station, and finds the
result of a command that another one took.
"""
