"""A command being written for a 2.x station: what its version has room for, and what is lost on the way.

2.1 is what the canonical commands are made of; 2.0.1 has less room and fewer words (reference §2.11).
What cannot be said without changing its meaning is refused, what can be left out is named as a loss.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from contract.model import Evse, IdToken
from contract.results import Loss
from gateway.translation.ids import native_id_2x
from gateway.translation.moments import written
from gateway.translation.outbound.plan import Invalid, Payload, Target, Unsupported
from gateway.translation.token_types import CENTRAL, IN_201, looks_like


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """How much of a command a version can take. Lengths are in characters.

    `token_types` are its words for the types of idTokens, None where the list is open; `lacks` the words
    of 2.1 for which it has nothing alike; `limit_step` the smallest part of a charging limit.
    """

    token_length: int
    token_types: Mapping[str, str] | None = None
    location_length: int
    certificate_length: int
    value_length: int
    limit_step: Decimal
    connector_types: frozenset[str] | None = None
    lacks: frozenset[str] = frozenset()
    is_21: bool = True


ROOM_201 = Room(
    token_length=36,
    token_types=IN_201,
    location_length=512,
    certificate_length=5500,
    value_length=1000,
    limit_step=Decimal("0.1"),
    connector_types=frozenset(
        (
            *("cCCS1", "cCCS2", "cG105", "cTesla", "cType1", "cType2", "s309-1P-16A", "s309-1P-32A"),
            *("s309-3P-16A", "s309-3P-32A", "sBS1361", "sCEE-7-7", "sType2", "sType3", "Other1PhMax16A"),
            *("Other1PhOver16A", "Other3Ph", "Pan", "wInductive", "wResonant", "Undetermined", "Unknown"),
        )
    ),
    lacks=frozenset(
        (
            *("CustomTrigger", "DataCollectorLog", "Dynamic", "ImmediateAndResume", "LocalGeneration"),
            *("OEMRootCertificate", "PriorityCharging", "SignV2G20Certificate", "V2G20Certificate"),
        )
    ),
    is_21=False,
)
ROOM_21 = Room(
    token_length=255,
    location_length=2000,
    certificate_length=10_000,
    value_length=2500,
    limit_step=Decimal("0.000001"),
)


class UnknownTransaction(Exception):
    """The command names a transaction of another station."""


class Writing:
    """One command on its way to one station. Paths are JSON Pointers into the command's arguments."""

    __slots__ = ("losses", "room", "target")

    def __init__(self, target: Target, room: Room) -> None:
        self.target = target
        self.room = room
        self.losses: list[Loss] = []

    def lose(self, path: str, code: str, was: Any = None, became: Any = None) -> None:
        """Note what the version has no room for."""
        self.losses.append(Loss(path=path, code=code, was=was, became=became))

    def word(self, word: str) -> str:
        """A word that the version knows, or that none knows. Raises Unsupported for one that came with 2.1."""
        if word in self.room.lacks:
            raise Unsupported(f"OCPP {self.target.version} has no {word}")
        return word

    def fitting(self, path: str, text: str, longest: int) -> str:
        """A text that would mean something else if it were cut. Raises Unsupported where it is longer."""
        if len(text) > longest:
            raise Unsupported(
                f"{path} has {len(text)} characters, OCPP {self.target.version} has room for {longest}"
            )
        return text

    def since_21(self, path: str, value: Any) -> Any:
        """A value for a field that came with 2.1; dropped for 2.0.1."""
        if value is None or self.room.is_21:
            return value
        self.lose(path, "field_dropped", was=value)
        return None

    def native(self, transaction_id: str) -> str:
        """What the station calls the transaction. Raises UnknownTransaction for that of another station."""
        native = native_id_2x(transaction_id, self.target.station)
        if native is None:
            raise UnknownTransaction(f"{transaction_id} is no transaction of this station")
        return native

    def evse_id(self, evse: Evse | None) -> int | None:
        """The EVSE of a message that has no room for its connector."""
        if evse is None:
            return None
        if evse.connector_id is not None:
            self.lose("/evse/connectorId", "field_dropped", was=evse.connector_id)
        return evse.id

    def id_token(self, path: str, token: IdToken) -> Payload:
        """An `IdTokenType`. A token is never cut: another driver's might be left (reference §0.3)."""
        longest = self.room.token_length
        kind = self._token_type(path, token)
        value = token.value or ""
        if not value.strip() and kind != "NoAuthorization":
            raise Invalid(f"{path}/value", "a token has a value")
        further = [
            {
                "additionalIdToken": self.fitting(
                    f"{path}/additionalInfo/{number}/value", more.value, longest
                ),
                "type": more.type,
            }
            for number, more in enumerate(token.additional_info)
        ]
        return present(
            idToken=self.fitting(f"{path}/value", value, longest),
            type=kind,
            additionalInfo=further or None,
        )

    def _token_type(self, path: str, token: IdToken) -> str:
        said = token.type
        if said is None:
            said = looks_like(token.value or "") or CENTRAL
            self.lose(f"{path}/type", "type_inferred", became=said)
        if self.room.token_types is None:
            return said
        known = self.room.token_types.get(said, CENTRAL)
        if known != said:
            code = "enum_collapsed" if said in self.room.token_types else "enum_unmapped"
            self.lose(f"{path}/type", code, was=said, became=known)
        return known


def present(**members: Any) -> Payload:
    """An object of those members that have a value."""
    return {name: value for name, value in members.items() if value is not None}


def evse_type(evse: Evse | None) -> Payload | None:
    """An `EVSEType`; none for the station itself."""
    return None if evse is None else present(id=evse.id, connectorId=evse.connector_id)


def in_utc(moment: datetime | None) -> str | None:
    """A moment as stations read it, whatever zone the command's writer lives in."""
    return None if moment is None else written(moment.astimezone(UTC))
