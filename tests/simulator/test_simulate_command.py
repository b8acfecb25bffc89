"""`ocpp-gateway simulate` as a user runs it: its summary, its exit codes, and ctrl-C."""

import asyncio
import json
import os
import signal
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Any

import orjson
import pytest
import websockets
from websockets import Subprotocol
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from tests.simulator.ocpp_package import serving

PROGRAM = Path(sys.executable).with_name("ocpp-gateway")


async def start(*arguments: str) -> asyncio.subprocess.Process:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OCPP_")}
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(
        PROGRAM, "simulate", *arguments, stdout=pipe, stderr=pipe, env=clean
    )


async def ended(process: asyncio.subprocess.Process) -> tuple[int, str, str]:
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


async def simulate(*arguments: str) -> tuple[int, str, str]:
    return await ended(await start(*arguments))


async def test_it_ends_by_itself_with_a_summary() -> None:
    async with serving() as url:
        code, out, err = await simulate("--url", url, "--stations", "6", "--seconds", "3", "--speed", "600")
    assert (code, err) == (0, "")
    lines = {line.split("  ")[0]: line.split()[-4:] for line in out.splitlines()}
    assert lines["OCPP"] == ["1.6", "2.0.1", "2.1", "all"]
    assert lines["stations"] == ["2", "2", "2", "6"]
    assert lines["errors"] == ["0"] * 4
    assert int(lines["sessions ended"][3]) > 0
    assert "answers p50" in out


async def test_the_summary_as_json() -> None:
    async with serving() as url:
        code, out, _ = await simulate(
            "--url", url, "--stations", "2", "--versions", "2.1", "--seconds", "2", "--rate", "30", "--json"
        )
    said = json.loads(out)
    assert code == 0
    assert list(said["versions"]) == ["2.1"]
    assert said["total"]["boots"] == said["total"]["stations"] == 2
    assert said["total"]["answered"] == said["total"]["sent"] > 20
    assert said["answer_ms"]["p99"] > 0


async def test_nobody_there_fails() -> None:
    code, _, err = await simulate("--url", "ws://127.0.0.1:9/ocpp", "--stations", "1", "--seconds", "0.3")
    assert code == 1
    assert err.startswith("ocpp-gateway: no station could connect to ws://127.0.0.1:9/ocpp: ")
    assert "Connect call failed" in err or "refused" in err


async def test_a_server_that_refuses_is_quoted() -> None:
    def refuse(socket: ServerConnection, _request: Request) -> Response:
        return socket.respond(HTTPStatus.NOT_FOUND, "no such path")

    async with websockets.serve(lambda _: asyncio.sleep(0), "127.0.0.1", 0, process_request=refuse) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        code, _, err = await simulate(
            "--url", f"ws://127.0.0.1:{port}/x", "--stations", "2", "--seconds", "0.5"
        )
    assert code == 1
    assert f"no station could connect to ws://127.0.0.1:{port}/x: 404 " in err


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/ocpp", "127.0.0.1:9000", "ws://", "wss:host", "x"])
async def test_a_url_that_is_no_websockets_is_refused_at_once(url: str) -> None:
    code, out, err = await simulate("--url", url)
    assert (code, out) == (2, "")
    assert err == f"ocpp-gateway: --url {url}: write ws://host:port/path or wss://host:port/path\n"


@pytest.mark.parametrize(("more", "expected"), [((), 1), (("--tolerate-errors",), 0)])
async def test_errors_fail_unless_they_are_tolerated(more: tuple[str, ...], expected: int) -> None:
    async def refuse_status(socket: ServerConnection) -> None:
        async for text in socket:
            _, message_id, action, _ = orjson.loads(text)
            reply: list[Any] = [3, message_id, {"status": "Accepted", "currentTime": "", "interval": 300}]
            if action == "StatusNotification":
                reply = [4, message_id, "InternalError", "", {}]
            await socket.send(orjson.dumps(reply).decode())

    spoken = [Subprotocol("ocpp1.6")]
    async with websockets.serve(refuse_status, "127.0.0.1", 0, subprotocols=spoken) as server:
        url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        code, out, _ = await simulate(
            "--url", url, "--stations", "1", "--versions", "1.6", "--seconds", "0.5", *more
        )
    assert code == expected
    assert " x InternalError" in out


async def test_ctrl_c_ends_transactions_and_prints_the_summary() -> None:
    connected = asyncio.Event()
    async with serving(connected) as url:
        process = await start("--url", url, "--stations", "3", "--rate", "50")
        async with asyncio.timeout(60):
            await connected.wait()
        await asyncio.sleep(3)
        process.send_signal(signal.SIGINT)
        code, out, err = await ended(process)
    assert (code, err) == (0, "")
    lines = {line.split("  ")[0]: line.split()[-4:] for line in out.splitlines()}
    assert lines["sessions started"] == lines["sessions ended"]
    assert lines["sessions ended"][3] != "0"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--profiles", "nonsense"), "unknown profile nonsense"),
        (("--versions", "1.5"), "--versions 1.5: known are 1.6, 2.0.1, 2.1"),
        (("--profiles", "late-meter", "--versions", "2.1"), "none of the profiles late-meter exists for 2.1"),
        (("--ca", "nowhere.pem"), "No such file"),
    ],
)
async def test_mistakes_are_told_in_a_line(arguments: tuple[str, ...], complaint: str) -> None:
    code, out, err = await simulate("--url", "ws://127.0.0.1:9/ocpp", *arguments)
    assert (code, out) == (2, "")
    assert complaint in err
    assert len(err.splitlines()) == 1
