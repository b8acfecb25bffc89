"""One hostile station says everything at once; a well-behaved one beside it keeps its answers (promise 7)."""

import asyncio
import contextlib
import json
import struct
import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.app import TABLES, Gateway
from gateway.ocpp.versions import VERSIONS
from tests.support.in_process import serving
from tests.support.payloads import breaks, document, valid
from tests.support.raw_station import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawStation

ROUNDS = 12
FRAMES_A_ROUND = 60
ANSWER_SECONDS = 2.0
"""A bound with much room: the machine that runs the tests may be busy, and asyncio debugs."""

JSON_MISCHIEF = [
    b"",
    b"\x00",
    b"\xff\xfe\xfd",
    b"\xef\xbb\xbf[2,1,",
    b"null",
    b"[[[[",
    b"[2",
    b'[true,"1","Heartbeat",{}]',
    b'[2.0,"1","Heartbeat",{}]',
    b'[2,"1","Heartbeat",NaN]',
    b'[2,"1","Heartbeat",{"a":1e999}]',
    b'[2,"1","Heartbeat",{"a":"\\ud800"}]',
    b'[2,"\\ud800","Heartbeat",{}]',
    b'[2,1e999,"Heartbeat",{}]',
    b'[2,"1","Heartbeat",{"a":1,"a":2}]',
    b"[2," + b"9" * 3000 + b',"Heartbeat",{}]',
    b'[2,"1","Heartbeat",' + b"[" * 900 + b"]" * 900 + b"]",
    b'[2,"1","Heartbeat",' + b'{"a":' * 10_000 + b"}" * 10_000 + b"]",
    b'[2,"1","' + b"A" * 50_000 + b'",{}]',
    b'[3,"nobody",{}]',
    b'[4,"nobody","GenericError","",{}]',
    b'[4,"nobody"]',
    b'[5,"nobody","GenericError","",{}]',
    b'[6,"nobody","NotifyPeriodicEventStream",{}]',
    b'[6,"nobody","Heartbeat",[]]',
    b'[2,"1","__class__",{}]',
    b'[2,"1","Heartbeat",{"__proto__":{}}]',
]


def mischief(random: Random, version: str) -> tuple[int, bytes, bool]:
    """A frame: opcode, payload, final."""
    match random.randrange(8):
        case 0:
            return TEXT, random.choice(JSON_MISCHIEF), True
        case 1:
            return TEXT, random.randbytes(random.randrange(300)), True
        case 2:
            return random.choice([PING, PONG]), random.randbytes(random.randrange(126)), True
        case 3:
            return BINARY, random.randbytes(random.randrange(300)), True
        case 4:
            call = json.dumps([2, "1", random.choice(list(TABLES[version])), random.choice(VALUES)])
            return TEXT, _mutated(random, call.encode()), True
        case 5:
            return (
                TEXT,
                json.dumps([random.choice(VALUES) for _ in range(random.randrange(6))]).encode(),
                True,
            )
        case _:
            action = random.choice(list(TABLES[version]))
            payload: Any = valid(document(version, action), random, random.random())
            wrong = breaks(document(version, action), payload)
            broken = random.choice(wrong).of(payload) if wrong else payload
            return TEXT, json.dumps([2, str(random.random()), action, broken]).encode(), True


VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    2**70,
    1.5,
    "",
    "x" * 300,
    [],
    [1],
    {},
    {"a": {"b": [None]}},
    "\x00",
    "é",
]


def _mutated(random: Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(random.randrange(1, 4)):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def fatal(random: Random) -> tuple[int, bytes, bool]:
    """A frame that ends the connection, as a last word."""
    return random.choice(
        [
            (TEXT, b"x" * 70_000, True),
            (TEXT, b"an unfinished", False),
            (CONTINUATION, b"of nothing", True),
            (11, b"a reserved opcode", True),
            (CLOSE, struct.pack("!H", 999), True),
            (CLOSE, b"\x00", True),
            (CLOSE, struct.pack("!H", 1000) + b"\xff", True),
            (CLOSE, b"", True),
        ]
    )


async def attack(gateway: Gateway, seed: int) -> None:
    """One connection of the hostile station, from its handshake to a bad end."""
    random = Random(seed)
    version = random.choice(list(VERSIONS))
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        if random.random() < 0.2:
            noise = await RawStation.socket(gateway.port)
            noise.writer.write(random.randbytes(random.randrange(1, 2000)))
            await asyncio.sleep(0.01)
            noise.vanish()
        station = await RawStation.connect(
            gateway.port, f"HOSTILE-{random.randrange(3)}", [VERSIONS[version].subprotocol]
        )
        for _ in range(FRAMES_A_ROUND):
            station.send(*mischief(random, version)[:2])
            if random.random() < 0.2:
                await asyncio.sleep(0)
        opcode, payload, fin = fatal(random)
        station.send(opcode, payload, fin=fin)
        if random.random() < 0.5:
            await station.end(0.3)
    with contextlib.suppress(TimeoutError, ConnectionError):
        station.vanish()


@pytest.mark.parametrize("budget", [10**6, 20])
async def test_garbage_of_every_kind_hurts_nobody_else(
    tmp_path: Path, nothing_left: None, budget: int
) -> None:
    async with serving(
        tmp_path,
        bad_frames_per_minute=budget,
        messages_per_second=100_000,
        bytes_per_second=1_000_000_000,
        processing_ms_per_second=100_000,
        ping_seconds=0.5,
        ping_timeout_seconds=0.5,
        handshake_timeout_seconds=0.5,
        raw_frames=True,
    ) as gateway:
        good = await RawStation.connect(gateway.port, "GOOD", ["ocpp2.0.1"])

        async def all_attacks() -> None:
            for seed in range(ROUNDS):
                with contextlib.suppress(TimeoutError):
                    await attack(gateway, seed)

        attacks = asyncio.create_task(all_attacks())
        answered, slowest = 0, 0.0
        while not attacks.done() or answered < 20:
            started = time.monotonic()
            assert (await good.ask(str(answered), "Heartbeat"))[:2] == [3, str(answered)]
            slowest = max(slowest, time.monotonic() - started)
            answered += 1
            await asyncio.sleep(0.005)
        await attacks
        assert slowest < ANSWER_SECONDS
        assert gateway.metrics.faults.n == 0
        assert (await good.ask("last", "Heartbeat"))[:2] == [3, "last"]
        async with asyncio.timeout(10):
            while len(gateway.sessions) > 1:  # noqa: ASYNC110 - each ends in its own way
                await asyncio.sleep(0.05)
        invalid = {labels[0]: cell.n for labels, cell in gateway.metrics.invalid.items()}
        assert invalid["json"] > 0
        assert invalid["binary"] > 0
