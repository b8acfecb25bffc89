"""The parts that several OCPP 1.6 messages share: connector, idTag and the verdict on it."""

from contract.events import Event
from contract.model import Decision, Evse, IdToken
from gateway.translation.moments import written
from gateway.translation.table import Payload, Reader, Reading
from gateway.translation.token_types import looks_like
from gateway.translation.values import as_integer, as_text
from gateway.translation.words_16 import TEMPORARY_VERDICTS, VERDICTS

ID_TAG_LENGTH = 20

_EVSES = {number: Evse(id=number, connector_id=1) for number in range(1, 65)}


def evse_of(number: int) -> Evse:
    """Connector N of 1.6 as connector 1 of EVSE N (reference §0.5)."""
    return _EVSES.get(number) or Evse(id=number, connector_id=1)


def connector(path: str = "connectorId", *, zero_is_odd: bool = False) -> Reader:
    """The EVSE of a `connectorId`; 0 is the station itself, and so is none."""

    def read(payload: Payload, reading: Reading) -> Evse | None:
        number = payload.get(path)
        if type(number) is not int and number is not None:
            number = as_integer(number, reading)
        if number is None:
            reading.quirk("connector_missing")
            return None
        if number > 0:
            return evse_of(number)
        if number < 0:
            reading.quirk("connector_negative")
        elif zero_is_odd:
            reading.quirk("connector_zero")
        return None

    return read


def id_token(path: str = "idTag") -> Reader:
    """The idTag with the type that it looks like; None where there is none, or an empty one."""

    def read(payload: Payload, reading: Reading) -> IdToken | None:
        value = payload.get(path)
        if type(value) is not str:
            value = as_text(value, reading)
            if value is None:
                reading.refuse_token()
                return None
        if not value.strip():
            reading.quirk("idtag_empty")
            return None
        if len(value) > ID_TAG_LENGTH:
            reading.quirk("idtag_long")
        reading.infer("idToken.type")
        return IdToken(value=value, type=looks_like(value.strip()) or reading.speaker.policy.token_type)

    return read


def required_id_token(path: str = "idTag") -> Reader:
    """As `id_token`; an absent or empty one is a token without a value."""
    read_token = id_token(path)

    def read(payload: Payload, reading: Reading) -> IdToken:
        if payload.get(path) is None:
            reading.quirk("idtag_missing")
        return read_token(payload, reading) or IdToken()

    return read


def offline(_payload: Payload, reading: Reading) -> bool | None:
    """Whether the fact is older than the connection (reference §0.2): inferred; None where it is not."""
    happened = reading.occurred_at
    if happened is None or (reading.speaker.connected_at - happened).total_seconds() <= 60:
        return None
    reading.infer("offline")
    return True


def verdict(_payload: Payload, reading: Reading) -> Decision:
    """What the station is answered about the idTag."""
    return reading.verdict


def id_tag_info(reading: Reading) -> Payload:
    """The verdict in the words of 1.6; a temporary one expires at once, so that no cache keeps it (§2.4)."""
    decision = reading.verdict
    info: Payload = {"status": VERDICTS.get(decision.status, "Invalid")}
    if decision.cache_expiry is not None:
        info["expiryDate"] = written(decision.cache_expiry)
    elif decision.status in TEMPORARY_VERDICTS:
        info["expiryDate"] = written(reading.received_at)
    if decision.group_id and len(decision.group_id) <= ID_TAG_LENGTH:  # a cut token is another driver's
        info["parentIdTag"] = decision.group_id
    return info


def answer_id_tag(_payload: Payload, reading: Reading, _event: Event) -> Payload:
    """The answer that is the verdict."""
    return {"idTagInfo": id_tag_info(reading)}
