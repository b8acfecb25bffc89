"""What the pure stages of a message cost: `python -m benchmarks.stages`.

Each stage runs over a whole session (the mix of the benchmark), the figure is the mean of a message. What
a gateway's message costs beyond these and beyond an echo is the sockets' and tasks' share and the log's.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from benchmarks.messages import ID, NUMBER, TIME, TRANSACTION, V16, V201, Script, padded, times
from contract import envelope
from contract.envelope import Envelope
from contract.model import Station
from gateway.app import TABLES
from gateway.ocpp import frames
from gateway.ocpp.rpc import Asked, Rpc
from gateway.ocpp.schemas import SCHEMAS
from gateway.ocpp.versions import VERSIONS
from gateway.translation.table import Policy, Reading, Speaker, Translation, translate

REPEATS = 7
SESSIONS = 60
SCRIPTS: Mapping[str, Script] = {"1.6": V16, "2.0.1": V201}


class Stage(NamedTuple):
    """One stage: what it does with the session's message of a number."""

    name: str
    work: Callable[[int], Any]


def texts(script: Script) -> list[bytes]:
    """The JSON of every message of a session."""
    transaction = b"123456789" if script is V16 else b'"00000001-0000-4000-8000-000000000003"'
    moments = times(datetime.now(UTC), len(script.session))
    said = []
    for number, message in enumerate(script.session):
        frame = message.frame % {
            ID: b"00000001-0000-4000-8000-%012d" % number,
            TRANSACTION: padded(TRANSACTION, transaction),
            NUMBER: padded(NUMBER, b"%d" % number),
            TIME: moments[number],
        }
        said.append(frame[frame.index(b"[2,") :])
    return said


def stages(version: str) -> list[Stage]:
    """The stages of a version's messages, each fed with what the one before it made."""
    said = texts(SCRIPTS[version])
    rpc, table, schemas = Rpc(VERSIONS[version]), TABLES[version], SCHEMAS[version]
    now = datetime.now(UTC)
    station = Station(id="BENCH-00001")
    speaker = Speaker(station=station, version=version, connected_at=now, zone=UTC, policy=Policy())
    made = Envelope("gateway-0", station.id, version, "0123456789abcdef")

    def asked(number: int) -> Asked:
        happening = rpc.receive(said[number])
        assert isinstance(happening, Asked)
        return happening

    def translated(number: int) -> Translation:
        one = calls[number]
        return translate(table[one.action], one.payload, Reading(speaker, one.action, one.id, now))

    def published(number: int) -> list[Any]:
        return [
            (envelope.encode(fact.event), made.headers(fact.event, fact.identity or "0123-1", 1))
            for fact in facts[number]
        ]

    def answered(number: int) -> bytes:
        assert schemas.responses[calls[number].action].is_valid(answers[number])
        return frames.result(calls[number].id, answers[number])

    calls = [asked(number) for number in range(len(said))]
    facts, answers = zip(*(translated(number) for number in range(len(said))), strict=True)
    return [
        Stage("read the frame", asked),
        Stage(
            "validate", lambda number: schemas.requests[calls[number].action].is_valid(calls[number].payload)
        ),
        Stage("translate", translated),
        Stage("envelope", published),
        Stage("validate and write the answer", answered),
    ]


def cost_us(stage: Stage, messages: int) -> float:
    """The mean of a message in µs; of several repeats the quickest, as what disturbs only adds."""
    repeats = []
    for _ in range(REPEATS):
        began = time.process_time()
        for _ in range(SESSIONS):
            for number in range(messages):
                stage.work(number)
        repeats.append((time.process_time() - began) / SESSIONS / messages * 1e6)
    return min(repeats)


def costs() -> dict[str, dict[str, float]]:
    """µs a message, by version and stage."""
    return {
        version: {stage.name: cost_us(stage, len(script.session)) for stage in stages(version)}
        for version, script in SCRIPTS.items()
    }


def main() -> None:
    for version, measured in costs().items():
        print(f"OCPP {version}: {sum(measured.values()):.1f} µs a message")
        for name, cost in measured.items():
            print(f"  {cost:6.2f}  {name}")


if __name__ == "__main__":
    main()
