"""The machine of a run: which core is whose, and what its figures depend on."""

import os
import platform
import resource
from pathlib import Path
from typing import NamedTuple

DESCRIPTORS = 20_000


class Cores(NamedTuple):
    """The cores of the server, of the load and of the broker; the last two share one if there are only two."""

    server: int
    load: int
    broker: int


def cores() -> Cores:
    """Those that this process may use. Ends the program where there are fewer than two."""
    own = sorted(os.sched_getaffinity(0))
    if len(own) < 2:
        raise SystemExit("the benchmark needs two cores: one for the server, one for the load")
    return Cores(own[0], own[-1], own[1])


def allow_descriptors() -> None:
    """Thousands of sockets in this process, and in those that it starts."""
    most = max(DESCRIPTORS, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, most))


def facts(used: Cores) -> dict[str, str]:
    """What every figure depends on."""
    models = {
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    }
    count = len(os.sched_getaffinity(0))
    shared = "shared with the load generator" if used.broker == used.load else "a core of its own"
    return {
        "machine": f"{', '.join(models)}; {count} cores; Python {platform.python_version()}",
        "kafka": f"one broker, no replicas, on {shared}",
    }
