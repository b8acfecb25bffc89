"""The parts that several commands to OCPP 1.6 stations share: connector, idTag, transaction."""

from contract.model import Evse, IdToken, StatusInfo
from contract.results import Answer, Loss
from gateway.translation.outbound.plan import Invalid, Outcome, Target, Unsupported, dropped
from gateway.translation.parts_16 import ID_TAG_LENGTH
from gateway.translation.transaction_numbers import number_of

WHOLE_STATION = 0
"""The connectorId that stands for all of the station."""


def connector_id(evse: Evse | None, path: str = "/evse") -> int:
    """The connector of an EVSE: N of EVSE N, whose only connector is 1 (reference §0.5); 0 without one.

    Raises Invalid, Unsupported.
    """
    if evse is None:
        return WHOLE_STATION
    if evse.id < 0:
        raise Invalid(f"{path}/id", "EVSEs are numbered from 1, and 0 is the station")
    if evse.connector_id not in (None, 0, 1):
        raise Unsupported(f"an EVSE of an OCPP 1.6 station has the one connector 1, not {evse.connector_id}")
    return evse.id


def id_tag(token: IdToken, path: str = "/idToken") -> str:
    """The idTag of a token, never cut: a part of it may be another driver's. Raises Invalid, Unsupported."""
    if token.type == "NoAuthorization":
        raise Unsupported("OCPP 1.6 knows no start without an idTag")
    if not token.value or not token.value.strip():
        raise Invalid(f"{path}/value", "a token has a value")
    if len(token.value) > ID_TAG_LENGTH:
        raise Unsupported(too_long([token.value]))
    return token.value


def too_long(values: list[str]) -> str:
    """Why tokens cannot be sent."""
    return f"OCPP 1.6 has room for {ID_TAG_LENGTH} characters of an idToken; too long: {', '.join(values)}"


def of_token(token: IdToken, path: str = "/idToken") -> tuple[Loss, ...]:
    """What of a token has no place in an idTag."""
    return dropped({f"{path}/type": token.type, f"{path}/additionalInfo": token.additional_info or None})


def transaction_number(target: Target, transaction_id: str) -> int | None:
    """The station's number of a transaction; None where it is none of this station's."""
    return number_of(target.station, transaction_id)


def unknown_transaction(transaction_id: str) -> Outcome:
    """The outcome for a transaction that the station cannot have (reference §5.4)."""
    return Outcome(
        status="rejected",
        answer=Answer(status="Rejected", status_info=StatusInfo(reason_code="TxNotFound")),
        why=f"TxNotFound: {transaction_id} is no transaction of this station",
    )
