"""Where a demo takes place: free ports, the address others reach it by, the program itself, a fresh file."""

import errno
import socket
import sys
from pathlib import Path


def free_port(wanted: int) -> int:
    """The wanted port, or another one if somebody has it."""
    with socket.socket() as probe:
        # A port in TIME_WAIT is free, as for the server.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", wanted))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            probe.bind(("", 0))
        port: int = probe.getsockname()[1]
        return port


def own_address() -> str:
    """The address by which the rest of the network reaches this host; loopback where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: UDP, and an address for documentation (RFC 5737).
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        address: str = probe.getsockname()[0]
        return address


def program_path() -> str:
    """This program, as any other terminal finds it: one that has not activated our environment, in any folder."""
    return str(Path(sys.argv[0]).absolute())


def fresh(file: Path) -> None:
    """Make way for a new log; what an earlier run left is removed, with SQLite's files beside it."""
    file.parent.mkdir(exist_ok=True)
    for ending in ("", "-wal", "-shm"):
        file.with_name(file.name + ending).unlink(missing_ok=True)
