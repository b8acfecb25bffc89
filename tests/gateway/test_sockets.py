"""Hostile frames and dead peers on real sockets: they end their own connection at most, for a reason that is told."""

import asyncio
import contextlib
import json
import time
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from gateway.app import Gateway
from tests.support.in_process import ended, events, fine, serving
from tests.support.raw_station import BINARY, CONTINUATION, PING, TEXT


@pytest.mark.parametrize(
    ("frames", "code", "reason"),
    [
        ([(TEXT, b"x" * 70_000, True)], 1009, "too_big"),
        ([(TEXT, b"x" * 40_000, False), (CONTINUATION, b"x" * 40_000, True)], 1009, "too_big"),
        ([(3, b"reserved opcode", True)], 1002, "protocol_error"),
        ([(CONTINUATION, b"of nothing", True)], 1002, "protocol_error"),
        ([(PING, b"x" * 126, True)], 1002, "protocol_error"),
        ([(8, b"\x00\x01", True)], 1002, "protocol_error"),
    ],
)
async def test_what_breaks_the_websocket_ends_its_connection_only(
    gateway: Gateway, frames: list[tuple[int, bytes, bool]], code: int, reason: str
) -> None:
    other, hostile = await fine(gateway), await fine(gateway, "HOSTILE")
    for opcode, payload, fin in frames:
        hostile.send(opcode, payload, fin=fin)
    closed = await hostile.end()
    assert closed is not None
    assert closed[0] == code
    disconnected = await ended(gateway, "HOSTILE")
    assert (disconnected.reason, disconnected.code) == (reason, code)
    assert (await other.ask("2", "Heartbeat"))[:2] == [3, "2"]


@pytest.mark.parametrize(
    ("opcode", "payload", "kind"),
    [
        (BINARY, b'[2,"1","Heartbeat",{}]', "binary"),
        (TEXT, b"\xff\xfe\xfd", "json"),
        (TEXT, b"", "json"),
        (TEXT, b"[" * 60_000, "json"),
        (TEXT, b'[2,"1","Heartbeat",' + b'{"a":' * 5000 + b"}" * 5000 + b"]", "json"),
    ],
)
async def test_what_is_no_ocpp_is_counted_and_the_connection_lives(
    gateway: Gateway, opcode: int, payload: bytes, kind: str
) -> None:
    station = await fine(gateway)
    station.send(opcode, payload)
    answer = await station.ask("2", "Heartbeat")
    if answer[0] == 4:
        answer = await station.hear()
    assert answer[:2] == [3, "2"]
    assert gateway.metrics.invalid.at(kind).n == 1


async def test_a_message_in_pieces_is_a_message(gateway: Gateway) -> None:
    station = await fine(gateway)
    station.send(TEXT, b'[2,"2","Hea', fin=False)
    station.send(PING, b"between")
    station.send(CONTINUATION, b'rtbeat",{}]')
    assert (await station.hear())[:2] == [3, "2"]
    assert station.pongs == [b"between"]


async def test_a_ping_is_answered_and_a_flood_of_them_hurts_nobody(gateway: Gateway) -> None:
    other, flooder = await fine(gateway), await fine(gateway, "FLOODER")
    for number in range(20_000):
        flooder.send(PING, b"%d" % number)
    slowest = 0.0
    for number in range(20):
        started = time.monotonic()
        await other.ask(str(number), "Heartbeat")
        slowest = max(slowest, time.monotonic() - started)
    assert slowest < 1
    assert (await flooder.frame())[1] == b"0"


async def test_a_flood_of_bad_frames_is_closed_with_a_reason(gateway: Gateway) -> None:
    other, flooder = await fine(gateway), await fine(gateway, "FLOODER")
    for _ in range(500):
        flooder.say(b"garbage")
    assert await flooder.end() == (1008, "too many unreadable frames")
    disconnected = await ended(gateway, "FLOODER")
    assert (disconnected.reason, disconnected.code) == ("bad_frames", 1008)
    assert (await other.ask("2", "Heartbeat"))[:2] == [3, "2"]


@pytest.mark.parametrize(("code", "told"), [(1000, 1000), (1001, 1001), (3999, 3999), (None, 1005)])
async def test_who_closes_is_told_from_who_is_lost(gateway: Gateway, code: int | None, told: int) -> None:
    await (await fine(gateway, "CLOSES")).hang_up(code)
    closes = await ended(gateway, "CLOSES")
    assert (closes.reason, closes.code) == ("client", told)
    (await fine(gateway, "LOST")).vanish()
    lost = await ended(gateway, "LOST")
    assert (lost.reason, lost.code) == ("lost", 1006)


async def test_a_station_that_does_not_answer_pings_is_dropped(gateway: Gateway) -> None:
    await fine(gateway, "SILENT")
    disconnected = await ended(gateway, "SILENT")
    assert disconnected.reason == "ping_timeout"
    assert disconnected.connected_seconds < 4


async def test_a_station_that_answers_pings_stays(gateway: Gateway) -> None:
    station = await fine(gateway)
    with contextlib.suppress(TimeoutError):
        await station.hear(2.5)
    assert (await station.ask("2", "Heartbeat"))[:2] == [3, "2"]


async def test_a_second_connection_takes_over(gateway: Gateway) -> None:
    old = await fine(gateway, "CS-1")
    new = await fine(gateway, "CS-1")
    assert await old.end() == (1008, "a newer connection of this station")
    assert (await new.ask("2", "Heartbeat"))[:2] == [3, "2"]
    names = [event.NAME for event in await events(gateway, 5, "CS-1")]
    assert names == [
        "station.connected",
        "station.heartbeat",
        "station.disconnected",
        "station.connected",
        "station.heartbeat",
    ]


async def test_metrics_tell_what_happened(gateway: Gateway) -> None:
    await fine(gateway)
    async with ClientSession() as client:
        async with client.get(f"http://127.0.0.1:{gateway.internal_port}/metrics") as answer:
            text = await answer.text()
        async with client.get(f"http://127.0.0.1:{gateway.internal_port}/ready") as answer:
            assert answer.status == 200
    for line in (
        'ocpp_gateway_connections{version="1.6"} 1.0',
        'ocpp_gateway_handshakes_total{result="accepted"} 1.0',
        'ocpp_gateway_messages_received_total{action="Heartbeat",type="call"} 1.0',
        'ocpp_gateway_connections_opened_total{version="1.6"} 1.0',
        "ocpp_gateway_log_available 1.0",
        "ocpp_gateway_draining 0.0",
    ):
        assert line in text, line
    assert "FINE" not in text, "no station id in a label"


async def test_every_frame_is_recorded_where_a_setting_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path, raw_frames=True) as gateway:
        station = await fine(gateway)
        station.say(b"\xff garbage")
        await station.ask("2", "Heartbeat")
        found: list[tuple[str, bytes]] = []
        async with asyncio.timeout(5):
            async for one in gateway._log.tail(("ocpp.frames.v1",), from_beginning=True):
                headers = dict(one.record.headers)
                assert one.record.key == "FINE"
                assert headers["ce_connection"]
                found.append((headers["ce_type"].decode(), one.record.value or b""))
                if len(found) == 5:
                    break
        types = [kind for kind, _ in found]
        assert types == [
            "ocpp.frame.received",
            "ocpp.frame.sent",
            "ocpp.frame.received",
            "ocpp.frame.received",
            "ocpp.frame.sent",
        ]
        assert found[2][1] == b"\xff garbage", "the very bytes"
        assert json.loads(found[4][1])[:2] == [3, "2"]


async def test_frames_are_not_recorded_else(gateway: Gateway) -> None:
    station = await fine(gateway)
    table: dict[str, Any] = await gateway._log.read_table("ocpp.frames.v1")
    assert table == {}
    station.vanish()


async def test_costly_messages_of_one_station_leave_the_processor_to_its_neighbours(tmp_path: Path) -> None:
    """One station sends lawful frames of 62 KB as fast as it can, another a heartbeat after the other.

    Judged by the gateway's own account of processor time, and by what it let wait: a machine that stalls gives
    the flood more time and more allowance alike.
    """
    milliseconds, burst_seconds = 20, 4
    async with serving(
        tmp_path, processing_ms_per_second=milliseconds, bytes_per_second=100_000_000, inbox_messages=1
    ) as gateway:
        neighbour, abuser = await fine(gateway), await fine(gateway, "ABUSER")
        samples = [{"value": number} for number in range(4200)]  # numbers for texts: a fault in each
        frame = [2, "1", "MeterValues", {"connectorId": 1, "meterValue": [{"sampledValue": samples}]}]
        said = json.dumps(frame, separators=(",", ":")).encode()
        assert 60_000 < len(said) < 65_536
        metrics, started = gateway.metrics, time.monotonic()

        async def flood() -> None:
            with contextlib.suppress(ConnectionError):
                while True:
                    abuser.send(TEXT, said)
                    await abuser.writer.drain()

        flooding = asyncio.create_task(flood())
        async with asyncio.timeout(30):
            while metrics.paused.n < 3:
                await neighbour.ask("1", "Heartbeat")
        elapsed = time.monotonic() - started
        served = metrics.received.at("call", "MeterValues").n
        allowed = milliseconds / 1000 * (burst_seconds + elapsed)
        frame_seconds = metrics.metered_seconds.n / served
        assert frame_seconds < 0.25, "a frame with thousands of faults is no work of its own kind"
        ahead = (
            6 * frame_seconds
        )  # what is read, waits and is served before its cost is known, dear ones among it
        assert metrics.metered_seconds.n < allowed + ahead
        assert len(gateway.sessions) == 2, "and nobody is closed for it"
        flooding.cancel()
        await asyncio.gather(flooding, return_exceptions=True)
