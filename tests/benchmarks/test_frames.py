import pytest

from benchmarks.frames import CLOSE, PING, TEXT, Frame, masked, split


def by_the_server(payload: bytes, opcode: int = TEXT) -> bytes:
    """A server's frame: the same, without mask (RFC 6455 §5.1)."""
    frame = masked(payload, opcode)
    head = frame[: len(frame) - len(payload) - 4]
    return bytes((head[0], head[1] & 0x7F)) + head[2:] + payload


@pytest.mark.parametrize("length", [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
def test_a_frame_of_any_length_is_found_again(length: int) -> None:
    payload = b"x" * length
    assert split(by_the_server(payload)) == ([Frame(TEXT, payload)], b"")


@pytest.mark.parametrize("length", [3, 300, 70_000])
def test_frames_are_found_wherever_the_bytes_are_cut(length: int) -> None:
    stream = by_the_server(b"a" * length) + by_the_server(b"", PING) + by_the_server(b"\x03\xe8", CLOSE)
    for cut in (*range(1, 20), length, len(stream) - 1):
        first, rest = split(stream[:cut])
        second, left = split(rest + stream[cut:])
        assert [frame.opcode for frame in first + second] == [TEXT, PING, CLOSE]
        assert left == b""


def test_a_client_masks_with_zero() -> None:
    assert masked(b"hi") == b"\x81\x82\x00\x00\x00\x00hi"
    assert masked(b"y" * 126)[:8] == b"\x81\xfe\x00\x7e\x00\x00\x00\x00"
