"""The server on real sockets: handshakes, hostile frames, dead peers, and one station beside another."""

import asyncio
import contextlib
import json
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession

from contract.events import StationConnected, StationDisconnected
from gateway.app import Gateway
from gateway.server import WebSocketTransport
from gateway.session import Session
from tests.support.certificates import certificate
from tests.support.in_process import events, serving
from tests.support.raw_station import BINARY, CONTINUATION, PING, TEXT, RawStation

STATUS = {"connectorId": 1, "errorCode": "NoError", "status": "Available"}


@pytest.fixture
async def gateway(tmp_path: Path, nothing_left: None) -> AsyncIterator[Gateway]:
    async with serving(
        tmp_path, handshake_timeout_seconds=0.5, ping_seconds=1.0, ping_timeout_seconds=0.5
    ) as started:
        yield started


async def fine(gateway: Gateway, station: str = "FINE") -> RawStation:
    """A station that is served."""
    connected = await RawStation.connect(gateway.port, station)
    assert connected.status == 101
    assert (await connected.ask("1", "Heartbeat"))[:2] == [3, "1"]
    return connected


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ocpp/CS-1", 101),
        ("/ocpp/RDAM%7C123", 101),
        ("/ocpp/CS-1/?a=b", 101),
        ("/ocpp/", 400),
        ("/ocpp/" + "A" * 49, 400),
        ("/ocpp/" + "A" * 5000, 400),
        ("/ocpp/" + "A" * 9000, 400),
        ("/ocpp/a%2Fb", 400),
        ("/ocpp/a%0D%0ASet-Cookie:x", 400),
        ("/ocpp/a%00", 400),
        ("/ocpp/%2541", 400),
        ("/ocpp/%C3%A9", 400),
        ("/ocpp/é", 400),
        (b"/ocpp/\xff\xfe", 400),
        ("/ocpp/a%", 400),
        ("/", 404),
        ("/ocpp", 404),
        ("/metrics", 404),
    ],
)
async def test_each_path_has_its_answer(gateway: Gateway, path: str | bytes, status: int) -> None:
    station = await RawStation.connect(gateway.port, path=path)
    assert station.status == status
    if status != 101:
        assert station.body, "a refusal says why"
        assert await station.end() is None, "and the connection is closed"


@pytest.mark.parametrize(
    ("changed", "method"),
    [
        ({"Upgrade": None}, "GET"),
        ({"Connection": "keep-alive"}, "GET"),
        ({"Sec-WebSocket-Version": "12"}, "GET"),
        ({"Sec-WebSocket-Key": None}, "GET"),
        ({"Sec-WebSocket-Key": "short"}, "GET"),
        ({}, "POST"),
        ({}, "HEAD"),
    ],
)
async def test_what_is_no_websocket_handshake_is_told_so(
    gateway: Gateway, changed: dict[str, str | None], method: str
) -> None:
    station = await RawStation.connect(
        gateway.port, changed={**changed, "Content-Length": "0"}, method=method
    )
    assert station.status == 426
    assert station.headers["upgrade"] == "websocket"
    assert gateway.metrics.handshakes.at("no_upgrade").n == 1


@pytest.mark.parametrize(
    "said",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # the beginning of TLS
        b"SSH-2.0-OpenSSH_9.0\r\n",
        b"GET /ocpp/CS-1 HTTP/9.9\r\n\r\n",
        b"GET /ocpp/CS-1 HTTP/1.1\r\nno header\r\n\r\n",
        b"GET /ocpp/CS-1 HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n",
        b"\x00" * 100,
        b"GET /ocpp/CS-1 HTTP/1.1\r\n" + b"X: " + b"a" * 20_000 + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_counted_and_no_error_of_ours(
    gateway: Gateway, said: bytes
) -> None:
    station = await RawStation.socket(gateway.port)
    station.writer.write(said)
    await station.read_answer()
    assert station.status == 400
    await station.end()
    assert gateway.metrics.handshakes.at("bad_request").n == 1
    await fine(gateway)


@pytest.mark.parametrize(
    ("offered", "agreed", "version"),
    [
        (["ocpp1.6"], "ocpp1.6", "1.6"),
        (["ocpp2.0.1, ocpp1.6"], "ocpp2.0.1", "2.0.1"),
        (["ocpp2.0 ,ocpp2.1,ocpp1.6"], "ocpp2.1", "2.1"),
        (["soap", "ocpp2.0.1"], "ocpp2.0.1", "2.0.1"),
        ([], None, "1.6"),
    ],
)
async def test_the_subprotocol_is_agreed_in_the_stations_order(
    gateway: Gateway, offered: list[str], agreed: str | None, version: str
) -> None:
    station = await RawStation.connect(gateway.port, subprotocols=offered)
    assert station.status == 101
    assert station.headers.get("sec-websocket-protocol") == agreed
    connected = (await events(gateway, 1))[0]
    assert isinstance(connected, StationConnected)
    assert (connected.version, connected.subprotocol, connected.tls) == (version, agreed, False)


async def test_who_shares_no_subprotocol_is_told_so_and_closed(gateway: Gateway) -> None:
    station = await RawStation.connect(gateway.port, subprotocols=["ocpp1.5"])
    assert (station.status, station.headers.get("sec-websocket-protocol")) == (101, None)
    closed = await station.end()
    assert closed is not None
    assert closed[0] == 1002
    assert "ocpp1.6" in closed[1]
    assert gateway.metrics.handshakes.at("no_subprotocol").n == 1


@pytest.mark.parametrize("said", [b"", b"GET /ocpp/CS-1 HT", b"GET /ocpp/CS-1 HTTP/1.1\r\nHost: a\r\n"])
async def test_who_does_not_finish_asking_is_dropped(gateway: Gateway, said: bytes) -> None:
    slow = await RawStation.socket(gateway.port)
    slow.writer.write(said)
    started = time.monotonic()
    assert await slow.reader.read() == b""
    assert 0.4 < time.monotonic() - started < 2
    assert gateway.metrics.handshakes.at("timeout").n == 1


async def test_who_drips_its_request_is_dropped_too(gateway: Gateway) -> None:
    slow = await RawStation.socket(gateway.port)
    dropped = False
    for letter in b"GET /ocpp/CS-1 HTTP/1.1\r\n" + b"X-Long: x\r\n" * 20:
        slow.writer.write(bytes([letter]))
        await asyncio.sleep(0.02)
        if slow.reader.at_eof() or slow.reader.exception() or slow.writer.is_closing():
            dropped = True
            break
    assert dropped


async def test_who_is_gone_before_the_answer_is_no_error_of_ours(gateway: Gateway) -> None:
    for _ in range(20):
        station = await RawStation.socket(gateway.port)
        station.writer.write(
            b"GET /ocpp/CS-1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        station.vanish()
    await fine(gateway)


async def test_who_is_gone_while_it_is_answered_is_no_error_of_ours(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(*_: Any) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr("aiohttp.web.WebSocketResponse.prepare", gone)
        station = await RawStation.socket(gateway.port)
        station.writer.write(
            b"GET /ocpp/CS-1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await station.end(2)
    assert gateway.metrics.handshakes.at("lost").n == 1
    assert len(gateway.sessions) == 0


async def ended(gateway: Gateway, station: str) -> StationDisconnected:
    """How the only connection of a station ended."""
    async with asyncio.timeout(10):
        for count in range(1, 100):
            last = (await events(gateway, count, station))[-1]
            if isinstance(last, StationDisconnected):
                return last
    raise AssertionError


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


def generous(folder: Path, **settings: Any) -> AbstractAsyncContextManager[Gateway]:
    """A gateway that takes all a station can send, so that its answers soon fill every buffer."""
    return serving(
        folder,
        messages_per_second=100_000,
        schema_validation="enforce",  # a refusal waits for no log
        **settings,
    )


async def deaf(gateway: Gateway, is_enough: Callable[[Session], bool]) -> float:
    """Let a station ask and not read until that is so; the slowest answer of another meanwhile."""
    other = await fine(gateway)
    station = await RawStation.connect(gateway.port, "DEAF", receive_bytes=2048)
    cast("asyncio.Transport", station.writer.transport).pause_reading()
    slowest = 0.0
    session = gateway.sessions.get("DEAF")
    assert session is not None
    async with asyncio.timeout(20):
        while not is_enough(session):
            for _ in range(10):
                station.call("😀" * 255, "StatusNotification")
            started = time.monotonic()
            assert (await other.ask("2", "Heartbeat"))[:2] == [3, "2"]
            slowest = max(slowest, time.monotonic() - started)
    return slowest


async def test_a_station_that_never_reads_is_dropped_and_hurts_nobody(tmp_path: Path) -> None:
    async with generous(tmp_path, ping_seconds=1, ping_timeout_seconds=0.5) as gateway:
        slowest = await deaf(gateway, lambda session: session._sending and len(session._inbox) == 16)
        assert slowest < 1
        assert (await ended(gateway, "DEAF")).reason == "ping_timeout"
        await at_most_sockets(gateway, 1)


async def test_a_taken_over_station_that_never_reads_frees_its_socket(tmp_path: Path) -> None:
    """A graceful close waits until what is in its buffer is read: for ever, here."""
    async with generous(tmp_path) as gateway:
        await deaf(gateway, lambda session: unsent_bytes(session) > 0)
        newer = await fine(gateway, "DEAF")
        await at_most_sockets(gateway, 2)
        assert (await newer.ask("2", "Heartbeat"))[:2] == [3, "2"]


def unsent_bytes(session: Session) -> int:
    transport = session._transport
    assert isinstance(transport, WebSocketTransport)
    assert transport._socket is not None
    return transport._socket.get_write_buffer_size()


async def at_most_sockets(gateway: Gateway, count: int) -> None:
    async with asyncio.timeout(8):
        while len(gateway._server._web.connections) > count:  # noqa: ASYNC110 - aiohttp tells nobody
            await asyncio.sleep(0.05)


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


async def test_a_full_gateway_answers_503(tmp_path: Path) -> None:
    async with serving(tmp_path, max_connections=2) as gateway:
        stations = [await fine(gateway, f"CS-{number}") for number in range(2)]
        refused = await RawStation.connect(gateway.port, "CS-3")
        assert (refused.status, int(refused.headers["retry-after"])) == (503, 30)
        stations[0].vanish()
        await ended(gateway, "CS-0")
        await asyncio.sleep(0.1)
        await fine(gateway, "CS-3")


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


async def test_over_tls(tmp_path: Path) -> None:
    pem, key = certificate(tmp_path)
    trusting = ssl.create_default_context(cafile=str(pem))
    trusting.check_hostname = False
    async with serving(tmp_path, tls_certificate=pem, tls_key=key, handshake_timeout_seconds=0.5) as gateway:
        station = await RawStation.connect(gateway.port, "TLS", tls=trusting)
        assert (await station.ask("1", "Heartbeat"))[:2] == [3, "1"]
        connected = (await events(gateway, 1))[0]
        assert isinstance(connected, StationConnected)
        assert connected.tls
        plain = await RawStation.socket(gateway.port)
        plain.writer.write(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            await plain.reader.read()
        silent = await RawStation.socket(gateway.port)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(3):
                assert await silent.reader.read() == b""
        old = ssl.create_default_context(cafile=str(pem))
        old.check_hostname = False
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        older = await RawStation.connect(gateway.port, "TLS12", tls=old)
        assert (await older.ask("1", "Heartbeat"))[:2] == [3, "1"]


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
