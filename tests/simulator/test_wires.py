"""Stations on real sockets: handshakes, credentials, TLS, and a central system that somebody else has written."""

import asyncio
import base64
import ssl
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import orjson
import pytest
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from websockets import Subprotocol
from websockets.asyncio.server import Server, ServerConnection
from websockets.http11 import Request, Response

from simulator.facts import Version
from simulator.fleet import Fleet
from simulator.journal import Exchange, Outcome
from simulator.profiles import PROFILES
from simulator.settings import BackOff, FleetSettings, Habits, make_stations
from tests.simulator.fleets import config, settings
from tests.simulator.ocpp_package import serving

OCPP_16 = [Subprotocol("ocpp1.6")]
QUICK = BackOff(0.05, 0, 0.0)


async def accept(socket: ServerConnection) -> None:
    """Answers each CALL with what lets a 1.6 station work."""
    async for text in socket:
        frame = orjson.loads(text)
        answer: dict[str, Any] = {
            "status": "Accepted",
            "currentTime": "2026-01-01T00:00:00Z",
            "interval": 300,
        }
        if frame[2] != "BootNotification":
            answer = {"idTagInfo": {"status": "Accepted"}, "transactionId": 5}
        await socket.send(orjson.dumps([3, frame[1], answer]).decode())


def url_of(server: Server, scheme: str = "ws") -> str:
    return f"{scheme}://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ocpp"


async def run(url: str, *stations: Any, **more: Any) -> Fleet:
    fleet = Fleet(settings(*stations, url=url, back_off=QUICK, **{"seconds": 0.5, "origin": None} | more))
    await fleet.run()
    return fleet


async def test_stations_of_all_versions_satisfy_the_ocpp_package() -> None:
    stations = make_stations(6)
    habits = Habits((0, 200), (100, 300), (600, 1200))
    async with serving() as url:
        fleet = Fleet(
            FleetSettings(url=url, stations=stations, seconds=4, speed=600, habits=habits, keep_journal=True)
        )
        statistics = await fleet.run()

    total = statistics.total
    assert (total.errors, total.timeouts, total.queued, total.garbled) == (0, 0, 0, 0)
    assert total.answered == total.sent > 100
    assert all(tally.sessions_ended >= 1 for tally in statistics.by_version.values())
    assert all(exchange.accepted for journal in fleet.journals.values() for exchange in journal)
    p50, p99 = (statistics.latencies.percentile_ms(percent) for percent in (50, 99))
    assert p50 is not None
    assert p99 is not None
    assert 0 < p50 <= p99 < 4000


async def test_the_id_is_percent_encoded_and_the_password_sent() -> None:
    seen: list[Request] = []

    def note(_socket: ServerConnection, request: Request) -> Response | None:
        seen.append(request)
        return None

    async with websockets.serve(accept, "127.0.0.1", 0, subprotocols=OCPP_16, process_request=note) as server:
        station = config(Version.V16, id="A/B|ü 1", password="s3cret:ü")
        fleet = await run(url_of(server), station, seconds=3.0)  # a test process stalls for two at times

    assert fleet.statistics.total.connections == 1
    assert seen[0].path == "/ocpp/A%2FB%7C%C3%BC%201"
    credentials = base64.b64decode(seen[0].headers["Authorization"].removeprefix("Basic "))
    assert credentials.decode() == "A/B|ü 1:s3cret:ü"


async def test_a_refused_handshake_is_tried_again_with_back_off() -> None:
    refusals = 3

    def refuse(socket: ServerConnection, _request: Request) -> Response | None:
        nonlocal refusals
        refusals -= 1
        return None if refusals < 0 else socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "later")

    async with websockets.serve(
        accept,
        "127.0.0.1",
        0,
        subprotocols=OCPP_16,
        process_request=refuse,
    ) as server:
        fleet = await run(url_of(server), config(Version.V16), seconds=1.0)

    total = fleet.statistics.total
    assert (total.connects_failed, total.connections, total.boots) == (3, 1, 1)


async def test_nobody_there_is_no_error_but_no_connection() -> None:
    fleet = await run("ws://127.0.0.1:9/ocpp", config(Version.V16))
    assert fleet.statistics.total.connections == 0
    assert fleet.statistics.total.connects_failed >= 3


@pytest.mark.parametrize(
    ("profile", "server_speaks", "connects"),
    [
        ("well-behaved", OCPP_16, True),
        ("well-behaved", [Subprotocol("ocpp2.0.1")], False),
        ("no-subprotocol", None, True),
        ("many-subprotocols", OCPP_16, True),
    ],
)
async def test_a_station_insists_on_the_subprotocol_it_offered(
    profile: str, server_speaks: Any, *, connects: bool
) -> None:
    async with websockets.serve(
        accept, "127.0.0.1", 0, subprotocols=server_speaks, select_subprotocol=_lax(server_speaks)
    ) as server:
        fleet = await run(url_of(server), config(Version.V16, PROFILES[profile]))
    assert bool(fleet.statistics.total.connections) is connects


def _lax(spoken: list[str] | None) -> Any:
    """A server that goes on without a subprotocol where none fits, as many do."""
    return lambda _socket, offered: next((name for name in offered if name in (spoken or [])), None)


async def test_a_connection_that_breaks_in_a_call_loses_nothing() -> None:
    heard: list[str] = []

    async def break_off(socket: ServerConnection) -> None:
        async for text in socket:
            frame = orjson.loads(text)
            if frame[2] == "StartTransaction":
                heard.append(frame[3]["timestamp"])
                if len(heard) == 1:
                    socket.transport.abort()
                    return
            answer: dict[str, Any] = {"idTagInfo": {"status": "Accepted"}, "transactionId": 5}
            if frame[2] == "BootNotification":
                answer = {"status": "Accepted", "currentTime": "2026-01-01T00:00:00Z", "interval": 300}
            await socket.send(orjson.dumps([3, frame[1], answer]).decode())

    seen: list[Exchange] = []
    async with websockets.serve(break_off, "127.0.0.1", 0, subprotocols=OCPP_16) as server:
        fleet = Fleet(
            settings(
                config(Version.V16),
                url=url_of(server),
                back_off=QUICK,
                origin=None,
                seconds=1.0,
                speed=60,
                habits=Habits((1, 1), (900, 900), (300, 300), (1, 1)),
            ),
            watch=seen.append,
        )
        await fleet.run()

    assert len(heard) == 2
    assert heard[0] == heard[1]
    starts = [exchange for exchange in seen if exchange.action == "StartTransaction"]
    assert [exchange.outcome for exchange in starts] == [Outcome.DISCONNECTED, Outcome.RESULT]
    assert seen == fleet.journals["SIM-1"]
    assert fleet.statistics.total.queued == 0


async def test_stop_ends_a_run_without_an_end() -> None:
    booted = asyncio.Event()
    async with websockets.serve(accept, "127.0.0.1", 0, subprotocols=OCPP_16) as server:
        fleet = Fleet(
            settings(config(Version.V16), url=url_of(server), seconds=None), watch=lambda _: booted.set()
        )
        living = asyncio.create_task(fleet.run())
        async with asyncio.timeout(10):
            await booted.wait()
            fleet.stop()
            await living
    total = fleet.statistics.total
    assert (total.boots, total.connected) == (1, 0)


async def test_tls_with_an_authority_of_our_own(tmp_path: Path) -> None:
    certificate = _self_signed(tmp_path)
    serving_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving_tls.load_cert_chain(certificate, tmp_path / "key.pem")
    async with websockets.serve(accept, "127.0.0.1", 0, subprotocols=OCPP_16, ssl=serving_tls) as server:
        trusting = ssl.create_default_context(cafile=certificate)
        trusted = await run(url_of(server, "wss"), config(Version.V16), tls=trusting)
        unknown = await run(url_of(server, "wss"), config(Version.V16))
    assert trusted.statistics.total.boots == 1
    assert unknown.statistics.total.connections == 0
    assert unknown.statistics.total.connects_failed >= 1


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "simulator test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    path = folder / "certificate.pem"
    path.write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path
