"""TransactionEvent of OCPP 2.x: one message that is three facts, told apart by its eventType (reference §2.5)."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from contract.events import (
    Event,
    TransactionEnded,
    TransactionFact,
    TransactionStarted,
    TransactionUpdated,
)
from contract.model import Meter, Native, Sample, Transaction
from gateway.translation import meters
from gateway.translation.ids import canonical, identity, transaction_id_2x
from gateway.translation.parts_2x import (
    TRANSACTION_ID_LENGTH,
    decision,
    evse_object,
    nested_custom_data,
)
from gateway.translation.readers import (
    as_written,
    at,
    boolean,
    finder,
    integer,
    mapping,
    occurred_at,
    one_of,
    same,
)
from gateway.translation.table import Answer, Inbound, Payload, Reader, Reading, Row
from gateway.translation.values import as_text

REGISTER = "Energy.Active.Import.Register"
_BEGIN = "Transaction.Begin"
_END = "Transaction.End"
_BORDERS = (_BEGIN, _END)

CHARGING_STATES = same("Charging", "EVConnected", "Idle", "SuspendedEV", "SuspendedEVSE")

STOPPED_REASONS = same(
    *(
        "DeAuthorized",
        "EmergencyStop",
        "EnergyLimitReached",
        "EVDisconnected",
        "GroundFault",
        "ImmediateReset",
    ),
    *("Local", "LocalOutOfCredit", "MasterPass", "Other", "OvercurrentFault", "PowerLoss", "PowerQuality"),
    *("Reboot", "Remote", "ReqEnergyTransferRejected", "SOCLimitReached", "StoppedByEV", "TimeLimitReached"),
    "Timeout",
)

TRIGGER_REASONS = same(
    *("AbnormalCondition", "Authorized", "CablePluggedIn", "ChargingRateChanged", "ChargingStateChanged"),
    *("CostLimitReached", "Deauthorized", "EnergyLimitReached", "EVCommunicationLost", "EVConnectTimeout"),
    *(
        "EVDeparted",
        "EVDetected",
        "LimitSet",
        "MeterValueClock",
        "MeterValuePeriodic",
        "OperationModeChanged",
    ),
    *("RemoteStart", "RemoteStop", "ResetCommand", "RunningCost", "SignedDataReceived", "SoCLimitReached"),
    *("StopAuthorized", "TariffChanged", "TariffNotAccepted", "TimeLimitReached", "Trigger", "TxResumed"),
    "UnlockCommand",
)
"""The words of both versions: a 2.0.1 station that uses a newer one is understood."""

_EVENT_TYPES = same("Started", "Updated", "Ended")
_EVENT_TYPES_FOLDED = {word.casefold(): word for word in _EVENT_TYPES}

_find_stopped_reason = finder(STOPPED_REASONS, unknown="Other")
_read_seq_no = integer("seqNo")

TRANSACTION_INFO: dict[str, Reader] = {
    "charging_state": one_of("chargingState", CHARGING_STATES),
    "remote_start_id": integer("remoteStartId"),
    "time_spent_charging_seconds": integer("timeSpentCharging"),
}
"""What `transactionInfo` tells of the transaction beside its id."""


def transaction_event(
    answer: Answer,
    id_token: Reader,
    transaction_info: Mapping[str, Reader] = TRANSACTION_INFO,
    more: Mapping[str, Reader] = MappingProxyType({}),
) -> Row:
    """The row of a version: the form of its verdict and of its idToken, and what it has more to tell."""
    shared: dict[str, Reader] = {
        "occurred_at": occurred_at(),
        "occurred_at_raw": as_written(at("timestamp")),
        "evse": evse_object("evse"),
        "transaction": _transaction(transaction_info),
        "offline": boolean("offline"),
        "trigger_reason": one_of("triggerReason", TRIGGER_REASONS, required=True),
        "id_token": id_token,
        "decision": decision,
        "reservation_id": integer("reservationId"),
        "samples": _samples,
        "meter": _meter,
        "phases_used": integer("numberOfPhasesUsed"),
        "cable_max_current_amperes": integer("cableMaxCurrent"),
        "native": _native,
        "custom_data": mapping("customData"),
        "nested_custom_data": nested_custom_data("evse", "idToken", "transactionInfo", "meterValue"),
        **more,
    }
    started = {
        "evse": evse_object("evse", required=True),
        "transaction": _transaction(
            {**transaction_info, "started_at": lambda _info, reading: reading.occurred_at}
        ),
    }
    row = Inbound(
        TransactionUpdated,
        shared,
        answer=answer,
        identity=same_transaction_event,
        derive={"/meter": _sampled},
    )
    rows = {
        "Started": row._replace(event=TransactionStarted, fields={**shared, **started}),
        "Updated": row,
        "Ended": row._replace(event=TransactionEnded, fields={**shared, "stopped_reason": _stopped_reason}),
    }
    return lambda payload: rows[_event_type(payload) or "Updated"]


def same_transaction_event(payload: Payload, reading: Reading, event: Event) -> str | None:
    """The same event of the same transaction is the same fact; not what a retry may say anew (`offline`).

    A station whose numbers stand still or start again (reference §4, quirk 41) still has the time and
    the trigger to tell its events apart. Where it names no transaction, the content has to.
    """
    if event.occurred_at is None and payload.get("seqNo") is None:
        return None
    native = event.transaction.native if event.transaction else None
    if native is None:
        return identity(reading, "TransactionEvent", canonical({**payload, "offline": None}))
    get = payload.get
    said = f"{get('seqNo')} {get('eventType')} {get('timestamp')} {get('triggerReason')}"
    return identity(reading, "TransactionEvent", str(native), said)


def _event_type(payload: Payload) -> str | None:
    """Which of the three it is; None where the station's word tells nothing."""
    said = payload.get("eventType")
    if type(said) is not str:
        return None
    return said if said in _EVENT_TYPES else _EVENT_TYPES_FOLDED.get(said.strip().casefold())


def _info(payload: Payload) -> dict[str, Any]:
    said = payload.get("transactionInfo")
    return said if type(said) is dict else {}


def _transaction(transaction_info: Mapping[str, Reader]) -> Reader:
    """The transaction as the message names it; its id is absent where the station gives none."""

    def read(payload: Payload, reading: Reading) -> Transaction:
        said = _info(payload)
        native = said.get("transactionId")
        if type(native) is not str:
            native = as_text(native, reading)
        if not native:
            reading.quirk("tx_null" if native is None else "tx_empty")
            native = None
        elif len(native) > TRANSACTION_ID_LENGTH:
            reading.quirk("string_long")
        return Transaction(
            id=native and transaction_id_2x(native, reading.speaker.station),
            native=native,
            seq_no=_read_seq_no(payload, reading),
            **{name: read(said, reading) for name, read in transaction_info.items()},
        )

    return read


def _native(payload: Payload, reading: Reading) -> Native | None:
    """The station's own words that the event has no other place for.

    They are an odd eventType, and a reason to stop that is none of OCPP's or comes before the end.
    """
    word, event_type = payload.get("eventType"), _event_type(payload)
    if event_type is None:
        reading.quirk("field_missing" if word is None else "enum_unknown")
        reading.infer("eventType")
    elif word != event_type:
        reading.quirk("enum_case")
    reason = _info(payload).get("stoppedReason")
    if type(reason) is not str or (event_type == "Ended" and reason in STOPPED_REASONS):
        reason = None
    unknown = word if event_type is None and type(word) is str else None
    return None if reason is None and unknown is None else Native(reason=reason, event_type=unknown)


def _stopped_reason(payload: Payload, reading: Reading) -> str | None:
    said = _info(payload).get("stoppedReason")
    return None if said is None else _find_stopped_reason(said, reading)


def _samples(payload: Payload, reading: Reading) -> tuple[Sample, ...]:
    reading.samples = found = meters.read_2x(payload.get("meterValue"), reading)
    return found


def _meter(_payload: Payload, reading: Reading) -> Meter | None:
    """The energy register at the borders of the transaction, where samples of these contexts say it."""
    registers = [
        sample for sample in reading.samples if sample.context in _BORDERS and sample.measurand == REGISTER
    ]
    if not registers:
        return None
    start = _register([found for found in registers if found.context == _BEGIN], "meter.startWh", reading)
    stop = _register([found for found in registers if found.context == _END], "meter.stopWh", reading)
    return None if start is None and stop is None else Meter(start_wh=start, stop_wh=stop)


def _register(found: list[Sample], field: str, reading: Reading) -> Decimal | None:
    """The reading of the whole EVSE at its outlet; of another place, or summed over phases, it is inferred.

    Readings that contradict each other give none: the consumer finds them all among the samples.
    """
    at_outlet = [sample for sample in found if sample.location == "Outlet"]
    by_phase: dict[str | None, set[Decimal]] = {}
    for sample in at_outlet or found:
        if sample.value is not None and sample.unit == "Wh":
            by_phase.setdefault(sample.phase, set()).add(sample.value)
    if not by_phase or any(len(values) > 1 for values in by_phase.values()):
        return None
    whole = by_phase.get(None)
    value = whole.pop() if whole else _sum({phase: values.pop() for phase, values in by_phase.items()})
    if value is not None and not (whole is not None and at_outlet):
        reading.infer(field)
    return value


def _sum(by_phase: Mapping[str | None, Decimal]) -> Decimal | None:
    """Over the phases, named alone or against neutral; never both, nor phase to phase."""
    for phases in (("L1", "L2", "L3"), ("L1-N", "L2-N", "L3-N")):
        parts = [by_phase[phase] for phase in phases if phase in by_phase]
        if parts:
            return sum(parts, Decimal(0))
    return None


def _sampled(event: Event, _reading: Reading) -> Iterable[Event]:
    derived = meters.sampled(event, event.samples) if isinstance(event, TransactionFact) else None
    return () if derived is None else (derived,)
