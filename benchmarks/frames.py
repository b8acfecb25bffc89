"""The little of RFC 6455 that a load generator needs: masked frames out, frame boundaries in. Pure.

The masking key is zero (RFC 6455 §5.3 asks for one, not for its value), so that a frame is its payload
behind a header and whole messages can be made ahead of the measurement.
"""

from typing import NamedTuple

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
FINAL, MASKED = 0x80, 0x80
NO_MASK = bytes(4)


class Frame(NamedTuple):
    """One whole frame of the server's."""

    opcode: int
    payload: bytes


def header(length: int, opcode: int = TEXT) -> bytes:
    """The header of a final, masked frame with a payload of so many bytes (RFC 6455 §5.2)."""
    if length < 126:
        size = bytes((MASKED | length,))
    elif length < 65_536:
        size = bytes((MASKED | 126,)) + length.to_bytes(2, "big")
    else:
        size = bytes((MASKED | 127,)) + length.to_bytes(8, "big")
    return bytes((FINAL | opcode,)) + size + NO_MASK


def masked(payload: bytes, opcode: int = TEXT) -> bytes:
    """The payload as one frame, ready to be sent."""
    return header(len(payload), opcode) + payload


def split(received: bytes) -> tuple[list[Frame], bytes]:
    """The whole frames in what was received, and the rest that waits for more bytes."""
    whole: list[Frame] = []
    start, end = 0, len(received)
    while end - start >= 2:
        length, body = received[start + 1], start + 2
        if length == 126:
            length, body = int.from_bytes(received[body : body + 2], "big"), body + 2
        elif length == 127:
            length, body = int.from_bytes(received[body : body + 8], "big"), body + 8
        if body + length > end:
            break
        whole.append(Frame(received[start] & 0x0F, received[body : body + length]))
        start = body + length
    return whole, received[start:]
