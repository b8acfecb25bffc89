"""Handshakes on real sockets: each has its answer, and who does not finish asking is dropped."""

import asyncio
import contextlib
import ssl
import time
from pathlib import Path
from typing import Any

import pytest

from contract.events import StationConnected
from gateway.app import Gateway
from tests.support.certificates import certificate
from tests.support.in_process import ended, events, fine, serving
from tests.support.raw_station import RawStation


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ocpp/CS-1", 101),
        ("/ocpp/RDAM%7C123", 101),
        ("/ocpp/CS-1/?a=b", 101),
        ("/ocpp/", 400),
        ("/ocpp/" + "A" * 65, 400),
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
    ("target", "station"),
    [
        (b"/ocpp/RDAM%20123", "RDAM 123"),
        (b"/ocpp/RDAM%7C123", "RDAM|123"),
        (b"/ocpp/" + b"A" * 51, "A" * 51),
        (b"/ocpp//CS-1", "CS-1"),
        (b"//ocpp/CS-1", "CS-1"),
        (b"http://gateway/ocpp/CS-1", "CS-1"),
        (b"ws://gateway:9000/ocpp/CS-1?a=b", "CS-1"),
        (b"/old/CentralSystemService/CS-1", "CS-1"),
        (b"/ocpp/" + b"A" * 65, 400),
        (b"/ocpp/RDAM 123", 400),
        (b"/ocpp/%20CS-1", 400),
        (b"/ocpp/a%0d", 400),
        (b"/ocpp/a%0a", 400),
        (b"/ocpp/a%0d%0aSet-Cookie:%20x", 400),
        (b"/ocpp/a%00", 400),
        (b"/ocpp/a\x00", 400),
        (b"/ocpp/a\rb", 400),
        (b"/ocpp/a\x0bb", 400),
        (b"/ocpp/..", 400),
        (b"/ocpp/%2e%2e", 400),
        (b"/ocpp/..%2fCS-1", 400),
        (b"/ocpp/../CS-1", 400),
        (b"/ocpp/a/../CS-1", 400),
        (b"/ocpp/a%2fb", 400),
        (b"/ocpp/a/b", 400),
        (b"/ocpp/a%5cb", 400),
        (b"/ocpp/%ff", 400),
        (b"/ocpp/%c0%af", 400),
        (b"/ocpp/\xc3\xa9", 400),
        (b"http://gateway/ocpp/a%00", 400),
        (b"http://gateway/ocpp/../CS-1", 400),
        (b"http://gateway/other/CS-1", 404),
        (b"gateway:9000", 400),
        (b"*", 400),
    ],
)
async def test_a_request_target_is_taken_or_refused_as_it_stands(
    tmp_path: Path, nothing_left: None, target: bytes, station: str | int
) -> None:
    """The raw bytes of the request line, as no client library would write them all."""
    async with serving(tmp_path, path="/ocpp,/old/CentralSystemService") as gateway:
        answered = await RawStation.connect(gateway.port, path=target)
        if isinstance(station, int):
            assert answered.status == station
            assert await answered.end() is None
            assert len(gateway.sessions) == 0
        else:
            assert answered.status == 101
            assert (await answered.ask("1", "Heartbeat"))[:2] == [3, "1"]
            [connected] = await events(gateway, 1)
            assert connected.station.id == station


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
        (["OCPP1.6"], "OCPP1.6", "1.6"),
        (["soap, Ocpp2.0.1"], "Ocpp2.0.1", "2.0.1"),
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


async def test_a_full_gateway_answers_503(tmp_path: Path) -> None:
    async with serving(tmp_path, max_connections=2) as gateway:
        stations = [await fine(gateway, f"CS-{number}") for number in range(2)]
        refused = await RawStation.connect(gateway.port, "CS-3")
        assert (refused.status, int(refused.headers["retry-after"])) == (503, 30)
        stations[0].vanish()
        await ended(gateway, "CS-0")
        await asyncio.sleep(0.1)
        await fine(gateway, "CS-3")


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
