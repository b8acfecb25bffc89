"""Where randomness comes from: one stream per subject, all derived from one seed.

Separate streams make a run repeatable: what one connector draws never depends on when another one drew.
"""

from __future__ import annotations

from random import Random


def stream(*names: object) -> Random:
    """The stream of chance that belongs to these names, the same in every run."""
    return Random(":".join(map(str, names)))  # noqa: S311 -- a simulation must be repeatable, not secret


def uuid_text(chance: Random) -> str:
    """A version 4 UUID drawn from the stream, in its 36 characters."""
    digits = f"{chance.getrandbits(128):032x}"
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
