"""Power, energy and state of charge over time, as far as a chart needs it: one point a step. Pure.

A station's hour is one value, so that charging for an hour costs one row. In a step what was measured last holds,
each quantity by itself.
"""

from typing import Final

import msgspec

from consumers.monitoring.tally import Point

HOUR_MS: Final = 3_600_000


class Sampled(msgspec.Struct, array_like=True, omit_defaults=True):
    """What was measured in a step; `offset_ms` is the time of the last of it, since the hour began."""

    offset_ms: int
    power_w: int | None = None
    register_wh: float | None = None
    soc_percent: float | None = None


Chunk = dict[int, dict[int, Sampled]]
"""An hour of a station: by EVSE, and the beginning of the step in milliseconds since the hour began."""

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Chunk)


def pack(chunk: Chunk) -> bytes:
    """As the database holds it."""
    return _encoder.encode(chunk)


def unpack(packed: bytes) -> Chunk:
    """From the database."""
    return _decoder.decode(packed)


def add(chunk: Chunk, point: Point, step_ms: int) -> None:
    """A point of this hour; one that was measured before what is held fills only what is not."""
    offset_ms = point.at_ms % HOUR_MS
    steps = chunk.setdefault(point.evse, {})
    held = steps.get(offset_ms - offset_ms % step_ms)
    new = Sampled(offset_ms, point.power_w, point.register_wh, point.soc_percent)
    if held is not None:
        first, second = (new, held) if offset_ms >= held.offset_ms else (held, new)
        new = Sampled(
            first.offset_ms,
            second.power_w if first.power_w is None else first.power_w,
            second.register_wh if first.register_wh is None else first.register_wh,
            second.soc_percent if first.soc_percent is None else first.soc_percent,
        )
    steps[offset_ms - offset_ms % step_ms] = new


def points(chunks: dict[int, Chunk], evse: int, since_ms: int, until_ms: int) -> list[tuple[int, Sampled]]:
    """The points of an EVSE from a time up to another, oldest first: when each was measured, and what."""
    found = [
        (hour * HOUR_MS + sampled.offset_ms, sampled)
        for hour, chunk in chunks.items()
        for sampled in chunk.get(evse, {}).values()
    ]
    return sorted((point for point in found if since_ms <= point[0] < until_ms), key=lambda point: point[0])


def thinned(
    found: list[tuple[int, Sampled]], most: int, since_ms: int, until_ms: int
) -> list[tuple[int, Sampled]]:
    """At most so many: the last point of each of as many equal stretches."""
    if len(found) <= most:
        return found
    stretch_ms = max(1, -(-(until_ms - since_ms) // most))
    return list({(at_ms - since_ms) // stretch_ms: (at_ms, sampled) for at_ms, sampled in found}.values())
