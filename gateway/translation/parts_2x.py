"""The parts that many OCPP 2.x messages share: EVSE, idToken, statusInfo, customData; readers of each.

Where a station leaves the EVSE out it stays absent: it is not guessed (reference §4, quirk 42).
"""

from collections.abc import Mapping
from typing import Any

import orjson

from contract.model import AdditionalIdToken, Decision, Evse, IdToken, Native, StatusInfo, Transaction
from gateway.translation.ids import transaction_id_2x
from gateway.translation.readers import at, one_of, same, text
from gateway.translation.table import Payload, Reader, Reading
from gateway.translation.values import as_integer, as_text, each_object

STATION_SCOPE = 0
"""The EVSE id that means the station itself, or its main meter (OCPP 2.0.1 Part 2, MeterValuesRequest)."""

TRANSACTION_ID_LENGTH = 36

DEEPEST = 8
"""`meterValue/0/sampledValue/0/unitOfMeasure`, the deepest object that is normalised, lies at 5."""


def evse_object(path: str, *, required: bool = False) -> Reader:
    """The EVSE of an `EVSEType` object; `required` notes its absence."""
    get = at(path)

    def read(payload: Payload, reading: Reading) -> Evse | None:
        return as_evse(get(payload), reading, required=required)

    return read


def as_evse(said: Any, reading: Reading, *, required: bool = False) -> Evse | None:
    """The EVSE that an `EVSEType` object means; a bare number is taken for its id."""
    if said is None:
        if required:
            reading.quirk("evse_missing")
        return None
    if type(said) is not dict:
        reading.quirk("type_wrong")
        said = {"id": said}
    evse = _evse(said.get("id"), said.get("connectorId"), reading)
    if evse is None:
        reading.quirk("connector_zero" if said.get("id") == STATION_SCOPE else "evse_missing")
    return evse


def evse_id(*, required: bool = True) -> Reader:
    """The EVSE of a message that names it by `evseId` alone; 0 is lawful there and means the station."""

    def read(payload: Payload, reading: Reading) -> Evse | None:
        said = payload.get("evseId")
        if said is None and required:
            reading.quirk("evse_missing")
        return _evse(said, None, reading)

    return read


def evse_and_connector(payload: Payload, reading: Reading) -> Evse | None:
    """The connector of a StatusNotification; its EVSE 0 is the station, which 2.x does not foresee."""
    if payload.get("evseId") is None or payload.get("connectorId") is None:
        reading.quirk("evse_missing")
    evse = _evse(payload.get("evseId"), payload.get("connectorId"), reading)
    if evse is None and payload.get("evseId") == STATION_SCOPE:
        reading.quirk("connector_zero")
    return evse


def _evse(evse: Any, connector: Any, reading: Reading) -> Evse | None:
    if type(evse) is not int:
        evse = None if evse is None else as_integer(evse, reading)
    if type(connector) is not int:
        connector = None if connector is None else as_integer(connector, reading)
    if evse is None or evse <= STATION_SCOPE:
        if evse is not None and evse < STATION_SCOPE:
            reading.quirk("evse_missing")
        return None
    return Evse(id=evse, connector_id=connector)


def transaction_named(path: str) -> Reader:
    """The transaction that a message outside TransactionEvent names by its id."""
    read_id = text(path, TRANSACTION_ID_LENGTH)

    def read(payload: Payload, reading: Reading) -> Transaction | None:
        native = read_id(payload, reading)
        return (
            None
            if native is None
            else Transaction(id=transaction_id_2x(native, reading.speaker.station), native=native)
        )

    return read


def in_all(path: str, read: Reader) -> Reader:
    """What a reader finds in the objects of a list, where it is the same in all of them."""
    get = at(path)

    def read_all(payload: Payload, reading: Reading) -> Any:
        found = [read(one, reading) for one in each_object(get(payload), reading)]
        return found[0] if found and all(value == found[0] for value in found) else None

    return read_all


def id_token(longest: int, types: Mapping[str, str] | None = None, *, required: bool = False) -> Reader:
    """The `idToken` of a message; `types` is None where its type is an open list (2.1)."""
    read_value = text("idToken", longest, quirk="idtag_long")
    read_type = one_of("type", types, required=True) if types else text("type", 20)
    read_further = text("additionalIdToken", longest, quirk="idtag_long")
    read_further_type = text("type", 50)

    def read(payload: Payload, reading: Reading) -> IdToken | None:
        said = payload.get("idToken")
        if said is None:
            if not required:
                return None
            reading.quirk("field_missing")
            said = {}
        elif type(said) is not dict:
            reading.quirk("type_wrong")
            said = {"idToken": said}
        token = IdToken(
            value=read_value(said, reading),
            type=read_type(said, reading),
            additional_info=tuple(
                AdditionalIdToken(
                    value=read_further(further, reading) or "", type=read_further_type(further, reading) or ""
                )
                for further in each_object(said.get("additionalInfo"), reading)
            ),
        )
        if token.value is None and token.type != "NoAuthorization":  # which has none by right
            reading.quirk("idtag_empty")
            if type(said.get("idToken")) is not str:
                reading.refuse_token()
        return token

    return read


def decision(payload: Payload, reading: Reading) -> Decision | None:
    """The verdict on the message's idToken; none where it has no idToken."""
    return None if payload.get("idToken") is None else reading.verdict


def status_info(payload: Payload, reading: Reading) -> StatusInfo | None:
    """More about the status that a message reports."""
    said = payload.get("statusInfo")
    if type(said) is not dict:
        if said is not None:
            reading.quirk("type_wrong")
        return None
    return StatusInfo(
        reason_code=as_text(said.get("reasonCode"), reading) or "",
        additional_info=as_text(said.get("additionalInfo"), reading) or None,
    )


def native_word(attribute: str, path: str, *words: str) -> Reader:
    """The station's own word, where it is none of the canonical `words` (its reader notes the quirk)."""
    get = at(path)
    known = same(*words)

    def read(payload: Payload, _reading: Reading) -> Native | None:
        word = get(payload)
        if type(word) is not str or not word or word in known:
            return None
        return Native(**{attribute: word})

    return read


def nested_custom_data(*members: str) -> Reader:
    """The customData of the objects inside these members of the payload, by JSON Pointer (RFC 6901).

    For the objects that are normalised: what an event holds verbatim has its customData in it.
    """

    def read(payload: Payload, _reading: Reading) -> dict[str, Any] | None:
        if not _may_hold_custom_data(payload):
            return None
        found: dict[str, Any] = {}
        for member in members:
            _collect(payload.get(member), f"/{member}", found)
        return found or None

    return read


def _may_hold_custom_data(payload: Payload) -> bool:
    """Looking for the name in the bytes is three times faster than walking through the objects."""
    try:
        return b'"customData"' in orjson.dumps(payload)
    except TypeError:  # numbers and texts that orjson would not have let in either
        return True


def _collect(value: Any, pointer: str, found: dict[str, Any], depth: int = 0) -> None:
    """Not deeper than the objects of OCPP nest: what lies below is none of theirs."""
    if type(value) is dict:
        for name, inner in value.items():
            kind = type(inner)
            if name == "customData":
                found[pointer] = inner
            elif (kind is dict or kind is list) and depth < DEEPEST:
                _collect(inner, f"{pointer}/{name}", found, depth + 1)
    elif type(value) is list and depth < DEEPEST:
        for index, inner in enumerate(value):
            _collect(inner, f"{pointer}/{index}", found, depth + 1)
