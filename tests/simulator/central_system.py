"""A central system in memory that judges: every CALL and every answer must fit the official schemas.

It answers as a friendly central system would, keeps all it heard, and can be told to refuse, to stay silent,
to hang up, or to be away, so that tests see how stations behave then.
"""

import asyncio
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import ocpp

from simulator.settings import StationConfig
from simulator.wire import ConnectFailed, Wire

Payload = dict[str, Any]
NOW = "2026-01-01T00:00:00.000Z"
_FOLDERS = {"1.6": "v16", "2.0.1": "v201", "2.1": "v21"}


def judge(version: str, action: str, payload: Payload, *, answer: bool = False) -> None:
    """Raises where the payload breaks the schema of the `ocpp` package."""
    _validator(version, action, answer=answer).validate(payload)


def actions(version: str) -> set[str]:
    """The names of all actions of a version's schema set."""
    files = (Path(ocpp.__file__).parent / _FOLDERS[version] / "schemas").glob("*Response.json")
    return {file.stem.removesuffix("Response") for file in files}


def schema(version: str, action: str, *, answer: bool = False) -> dict[str, Any]:
    suffix = "Response" if answer else ("" if version == "1.6" else "Request")
    path = Path(ocpp.__file__).parent / _FOLDERS[version] / "schemas" / f"{action}{suffix}.json"
    document: dict[str, Any] = json.loads(path.read_text("utf-8-sig"))
    return document


@cache
def _validator(version: str, action: str, *, answer: bool) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema(version, action, answer=answer), validate_formats=True)


@dataclass
class Heard:
    """One CALL of a station."""

    station: str
    version: str
    message_id: Any
    action: str
    payload: Payload


@dataclass
class CentralSystem:
    """Stations dial it with `dial`. `answer` may be replaced by a test, and given back."""

    lenient: bool = False
    heard: list[Heard] = field(default_factory=list)
    garbage: list[bytes] = field(default_factory=list)
    wires: dict[str, "MemoryWire"] = field(default_factory=dict)
    away: bool = False
    boot_answers: deque[Payload] = field(default_factory=deque)
    refuse_tokens: set[str] = field(default_factory=set)
    refuse_starts: bool = False
    """Whether a token that Authorize accepts is refused when the transaction begins."""
    fail: Callable[[Heard], str | None] = lambda _heard: None
    """An error code to answer with; "" stays silent, "hang up" ends the connection; None answers well."""
    _transactions: int = 0
    _commands: int = 0
    _answers: dict[str, asyncio.Future[tuple[int, Any]]] = field(default_factory=dict)

    async def dial(self, config: StationConfig) -> Wire:
        if self.away:
            raise ConnectFailed("away")
        wire = MemoryWire(self, config)
        self.wires[config.id] = wire
        return wire

    def actions_of(self, station: str) -> list[str]:
        return [heard.action for heard in self.heard if heard.station == station]

    def payloads(self, action: str, station: str | None = None) -> list[Payload]:
        return [h.payload for h in self.heard if h.action == action and station in {None, h.station}]

    async def command(self, station: str, action: str, payload: Payload, *, lenient: bool = False) -> Payload:
        """Sends a command and returns the judged answer; an error code comes back as {"error": code}.

        A connection that ends meanwhile is the error "hung up".
        """
        self._commands += 1
        message_id = f"command-{self._commands}"
        wire = self.wires[station]
        version = str(wire.config.version)
        if not lenient:
            judge(version, action, payload)
        answer = self._answers[message_id] = asyncio.get_running_loop().create_future()
        wire.to_station([2, message_id, action, payload])
        ended = asyncio.ensure_future(wire.ended.wait())
        await asyncio.wait({answer, ended}, return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not answer.done():
            return {"error": "hung up"}
        kind, said = answer.result()
        if kind == 4:
            return {"error": said}
        judge(version, action, said, answer=True)
        return dict(said)

    def hear(self, wire: "MemoryWire", text: bytes) -> None:
        try:
            frame = json.loads(text)
        except json.JSONDecodeError:
            self.garbage.append(text)
            return
        match frame:
            case [2, message_id, action, payload]:
                self._hear_call(
                    wire, Heard(wire.config.id, str(wire.config.version), message_id, action, payload)
                )
            case [kind, message_id, said, *_]:
                self._answers.pop(message_id).set_result((kind, said))

    def _hear_call(self, wire: "MemoryWire", heard: Heard) -> None:
        self.heard.append(heard)
        if not self.lenient:
            judge(heard.version, heard.action, heard.payload)
        match self.fail(heard):
            case None:
                answer = self.answer(heard)
                judge(heard.version, heard.action, answer, answer=True)
                wire.to_station([3, heard.message_id, answer])
            case "":
                pass
            case "hang up":
                wire.hang_up()
            case code:
                wire.to_station([4, heard.message_id, code, "", {}])

    def answer(self, heard: Heard) -> Payload:
        """What a friendly central system answers."""
        match heard.action:
            case "BootNotification":
                accepted = {"status": "Accepted", "currentTime": NOW, "interval": 300}
                return self.boot_answers.popleft() if self.boot_answers else accepted
            case "Heartbeat":
                return {"currentTime": NOW}
            case "Authorize" if heard.version == "1.6":
                return {"idTagInfo": {"status": self._verdict(heard.payload["idTag"])}}
            case "Authorize":
                return {"idTokenInfo": {"status": self._verdict(heard.payload["idToken"]["idToken"])}}
            case "StartTransaction":
                self._transactions += 1
                status = self._verdict(heard.payload["idTag"], starts=True)
                return {"idTagInfo": {"status": status}, "transactionId": self._transactions}
            case "TransactionEvent" if "idToken" in heard.payload:
                token = heard.payload["idToken"]["idToken"]
                return {"idTokenInfo": {"status": self._verdict(token, starts=True)}}
            case "SignCertificate" | "DataTransfer":
                return {"status": "Accepted"}
        return {}

    def _verdict(self, token: str, *, starts: bool = False) -> str:
        return "Invalid" if token in self.refuse_tokens or (starts and self.refuse_starts) else "Accepted"


class MemoryWire:
    """A Wire whose other end is the central system, in the same loop."""

    def __init__(self, system: CentralSystem, config: StationConfig) -> None:
        self.config = config
        self._system = system
        self._inbox: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.ended = asyncio.Event()

    def to_station(self, frame: list[Any]) -> None:
        self.raw_to_station(json.dumps(frame).encode())

    def raw_to_station(self, text: bytes) -> None:
        if not self.ended.is_set():
            self._inbox.put_nowait(text)

    def hang_up(self) -> None:
        self.ended.set()
        self._inbox.put_nowait(None)

    async def send(self, text: bytes) -> None:
        if self.ended.is_set():
            raise ConnectionError("hung up")
        self._system.hear(self, text)

    async def receive(self) -> bytes | None:
        return await self._inbox.get()

    async def close(self) -> None:
        self.hang_up()
