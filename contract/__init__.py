"""What we say: the version-free events and commands, their envelope, and the topics they stand in.

Pure: no I/O, and nothing else of this project is imported here. Everything that reads or writes the
log, in this repository or in anybody's backend, needs to know this package and nothing more.
"""
