"""Transactions of OCPP 1.6: StartTransaction, StopTransaction, and the number by which others name them."""

from collections.abc import Iterable
from typing import Any

from contract.events import Event, MeterSampled, TransactionEnded, TransactionFact
from contract.model import Evse, Meter, Native, Sample, Transaction
from gateway.translation.ids import by_content, canonical, identity
from gateway.translation.meters import sampled
from gateway.translation.parts_16 import evse_of, id_tag_info, id_token
from gateway.translation.quantities import DEFAULT_MEASURAND
from gateway.translation.readers import as_written, at, decimal, integer, one_of
from gateway.translation.table import Payload, Reader, Reading
from gateway.translation.transaction_numbers import (
    LARGEST_NUMBER,
    Origin,
    Start,
    canonical_id,
    is_coded,
    number_for,
    origin_of,
)
from gateway.translation.values import LARGEST_INTEGER, as_integer, as_number, as_text
from gateway.translation.words_16 import DEFAULT_STOP_REASON, STOP_REASONS, STOP_TRIGGERS

_connector = integer("connectorId")
_at_written = as_written(at("timestamp"))


def started(payload: Payload, reading: Reading) -> Transaction:
    """The transaction that a StartTransaction begins, with the number that we give it."""
    start = Start(
        connector=_connector(payload, reading),
        at=reading.occurred_at,
        at_written=_at_written(payload, reading),
        meter=_plain(payload.get("meterStart")),
        id_tag=_plain(payload.get("idTag")),
        message_id=reading.protocol.message_id,
        reservation=_plain(payload.get("reservationId")),
        has_register=bool(as_number(payload.get("meterStart"))),
    )
    station = reading.speaker.station
    number = number_for(station, start, reading.received_at)
    return Transaction(id=canonical_id(station, number), native=number, started_at=reading.occurred_at)


def _plain(value: Any) -> str:
    """The text of a part of a start, alike for a number and its text, and for one that is null or left out."""
    if value is None:
        return ""
    if type(value) is str:
        return value.strip()
    number = as_number(value)
    return canonical(value) if number is None else f"{number.normalize():f}"


def named(payload: Payload, reading: Reading) -> Transaction | None:
    """The transaction that a later message names; without an id where the number cannot be one (quirks 6-8)."""
    if "transactionId" not in payload:
        return None
    number = _number(payload["transactionId"], reading)
    if number is None:
        return None
    if not 0 < number <= LARGEST_NUMBER:
        reading.quirk("tx_zero" if number == 0 else "tx_negative" if number < 0 else "tx_overflow")
        return Transaction(native=number)
    origin = _origin(number, payload, reading)
    if origin is not None:
        reading.infer("transaction.startedAt")
    elif is_coded(number):
        reading.quirk("tx_foreign")
    return Transaction(
        id=canonical_id(reading.speaker.station, number),
        native=number,
        started_at=origin.started_at if origin else None,
    )


def _number(value: Any, reading: Reading) -> int | None:
    if type(value) is int and abs(value) <= LARGEST_INTEGER:
        return value
    if value is None:
        reading.quirk("tx_null")
        return None
    if value == "":
        reading.quirk("tx_empty")
        return None
    return as_integer(value, reading)


def _origin(number: int, payload: Payload, reading: Reading) -> Origin | None:
    origin = origin_of(number, reading.occurred_at or reading.received_at)
    elsewhere = _connector(payload, reading)
    return None if origin and elsewhere and elsewhere != origin.connector else origin


def where_stopped(payload: Payload, reading: Reading) -> Evse | None:
    """The EVSE of a StopTransaction, which has no place for it: as some stations say, or as the number tells."""
    said = _connector(payload, reading)  # against the schema, and welcome (quirk 24)
    if said is not None and said > 0:
        return evse_of(said)
    number = _number(payload.get("transactionId"), reading)
    origin = None if number is None else _origin(number, payload, reading)
    if origin is None:
        return None
    reading.infer("evse")
    return evse_of(origin.connector)


def register(path: str, field: str) -> Reader:
    """The register at a border of the transaction. OCPP wants whole Wh; a fraction is kept (quirk 39)."""
    read = decimal(path)

    def reader(payload: Payload, reading: Reading) -> Meter | None:
        value = read(payload, reading)
        if value is None:
            reading.quirk("meter_missing")
            return None
        if value != value.to_integral_value():
            reading.quirk("fractional_int")
        return Meter(**{field: value})

    return reader


def trigger_of_start(_payload: Payload, reading: Reading) -> str:
    reading.infer("triggerReason")
    return "Authorized"


def answer_start(_payload: Payload, reading: Reading, event: Event) -> Payload:
    """The number stands in it also when we refuse: a 0 would come back as a stop of -1 (reference §5.5)."""
    assert event.transaction is not None
    return {"transactionId": event.transaction.native, "idTagInfo": id_tag_info(reading)}


def same_start(_payload: Payload, reading: Reading, event: Event) -> str:
    """A repeated start has the same transaction (reference §5.5)."""
    assert event.transaction is not None
    return identity(reading, "started", str(event.transaction.id))


def same_stop(payload: Payload, reading: Reading, event: Event) -> str | None:
    """A transaction stops once; one that has no number needs its time to be told from others."""
    if event.transaction is None or event.transaction.id is None:
        return by_content(payload, reading, event)
    return identity(reading, "ended", canonical(payload))


stop_reason = one_of("reason", STOP_REASONS, unknown="Other", missing=DEFAULT_STOP_REASON)
_stop_trigger = one_of(
    "reason", STOP_TRIGGERS, unknown="AbnormalCondition", missing=STOP_TRIGGERS[DEFAULT_STOP_REASON]
)


def trigger_of_stop(payload: Payload, reading: Reading) -> Any:
    reading.infer("triggerReason")
    return _stop_trigger(payload, reading)


def native_reason(payload: Payload, reading: Reading) -> Native | None:
    reason = as_text(payload.get("reason"), reading)
    return Native(reason=reason) if reason else None


def stopped(payload: Payload, reading: Reading) -> Any:
    """Always answered and published, also if nobody saw it start (quirk 9)."""
    if "transactionId" not in payload:
        reading.quirk("tx_null")
    transaction = named(payload, reading)
    if transaction is None or transaction.id is None or "tx_foreign" in reading.quirks:
        reading.quirk("stop_without_start")
    return transaction


token_of_stop = id_token()


def verdict_of_stop(payload: Payload, reading: Reading) -> Any:
    return reading.verdict if token_of_stop(payload, reading) else None


def answer_stop(_payload: Payload, reading: Reading, event: Event) -> Payload:
    """A verdict only where somebody asked for one (OCPP 1.6 §6.50)."""
    asked = isinstance(event, TransactionEnded) and event.id_token is not None
    return {"idTagInfo": id_tag_info(reading)} if asked else {}


def begin_register(event: Event, _reading: Reading) -> Iterable[Event]:
    return _with_register(event, "Transaction.Begin")


def end_register(event: Event, _reading: Reading) -> Iterable[Event]:
    return _with_register(event, "Transaction.End")


def _with_register(event: Event, context: str) -> Iterable[MeterSampled]:
    """The samples of a transaction's message, its register among them as one more where it is not yet."""
    assert isinstance(event, TransactionFact)
    samples = event.samples
    if event.meter is not None:
        value = event.meter.start_wh if event.meter.start_wh is not None else event.meter.stop_wh
        register = Sample(
            measurand=DEFAULT_MEASURAND, value=value, unit="Wh", at=event.occurred_at, context=context
        )
        if not any(_is_same_register(sample, register) for sample in samples):
            samples = (*samples, register)
    derived = sampled(event, samples)
    return () if derived is None else (derived,)


def _is_same_register(sample: Sample, register: Sample) -> bool:
    return (
        sample.context == register.context
        and sample.measurand == register.measurand
        and sample.phase is None
        and sample.value == register.value
    )
