"""The ids of commands that came over HTTP: they tell where their result will stand, whoever is asked for it.

`<partition>-<UUIDv7>`: the partition of the results' topic, and the time of the request (RFC 9562, §5.7).
"""

import re
import secrets
import time
from typing import NamedTuple
from uuid import UUID

_ID = re.compile(r"(\d{1,5})-([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})")


class Whereabouts(NamedTuple):
    """A partition, and the earliest time (ms since 1970) at which something of the command stands in it."""

    partition: int
    since_ms: int


def now_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_id(partition: int, at_ms: int) -> str:
    """An id that nobody has had."""
    version_and_random = 0x7 << 12 | secrets.randbits(12)
    variant_and_random = 0b10 << 62 | secrets.randbits(62)
    return f"{partition}-{UUID(int=at_ms << 80 | version_and_random << 64 | variant_and_random)}"


def whereabouts(command_id: str) -> Whereabouts | None:
    """What an id tells; None for one that is a caller's own."""
    made_here = _ID.fullmatch(command_id)
    if made_here is None:
        return None
    return Whereabouts(int(made_here[1]), UUID(made_here[2]).int >> 80)
