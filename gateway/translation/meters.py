"""Meter values of all versions as samples: base units, exact numbers, nothing lost (reference §3.6)."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from msgspec.structs import replace

from contract.events import Event, MeterSampled
from contract.model import Sample, SignedReading
from gateway.translation.ids import canonical
from gateway.translation.kinds import Kind, kind_of
from gateway.translation.readers import at
from gateway.translation.table import Payload, Reader, Reading
from gateway.translation.values import MOST_DIGITS, as_moment, as_number, as_text, each_object


def samples_16(path: str) -> Reader:
    """The samples of a 1.6 `meterValue` (or `transactionData`) list: a reader."""
    get = at(path)
    return lambda payload, reading: read_16(get(payload), reading)


def samples_2x(path: str) -> Reader:
    """The samples of a 2.x `meterValue` list: a reader."""
    get = at(path)
    return lambda payload, reading: read_2x(get(payload), reading)


def read_16(groups: Any, reading: Reading) -> tuple[Sample, ...]:
    """All samples of a 1.6 message."""
    found = []
    for when, sampled in _each_group(groups, reading):
        for one in sampled:
            if type(one) is not dict:
                reading.quirk("shape")
                continue
            get = one.get
            kind = kind_of(
                (True, get("measurand"), get("unit"), get("context"), get("phase"), get("location"), None),
                reading,
            )
            written = get("value")
            if get("format") == "SignedData":
                found.append(_signed_16(written, kind, when, reading))
            elif (value := _plain_number(written)) is None:
                reading.quirk("value_number" if type(written) in (int, float) else "value_text")
                found.append(kind.sample(as_number(written), _as_written(written), when))
            elif kind.exact:  # by far the most frequent: spare a call
                found.append(replace(kind.template, value=value, at=when))
            else:
                found.append(kind.sample(value, None, when))
    return tuple(found)


def _signed_16(written: Any, kind: Kind, when: datetime | None, reading: Reading) -> Sample:
    """The blob, without a number: what it says in it is for those who check its signature.

    Some stations put the object that OCPP 2.x calls SignedMeterValueType into the text, as JSON.
    """
    blob = as_text(written, reading) or canonical(written)
    if (envelope := _envelope(blob)) is not None:
        reading.quirk("signed_envelope")
        signed = _signed_2x(envelope, reading)
    else:
        signed = SignedReading(data=blob, encoding="OCMF" if blob.startswith("OCMF|") else None)
    return replace(kind.sample(None, None, when), signed=signed)


def _envelope(blob: str) -> dict[str, Any] | None:
    """The JSON object that a text is, if it holds signed data."""
    if not blob.lstrip().startswith("{"):
        return None
    try:
        found = orjson.loads(blob)
    except orjson.JSONDecodeError:
        return None
    return found if type(found) is dict and type(found.get("signedMeterData")) is str else None


def _plain_number(written: Any) -> Decimal | None:
    """The number of a text that is exactly what the number would be written as; None for all other values.

    The comparison leaves out at once what Decimal also takes: spaces, underscores, NaN, digits of other scripts.
    """
    if type(written) is not str or len(written) > MOST_DIGITS:
        return None
    try:
        value = Decimal(written)
    except InvalidOperation:
        return None
    return value if str(value) == written and "E" not in written and value.is_finite() else None


def read_2x(groups: Any, reading: Reading) -> tuple[Sample, ...]:
    """All samples of a 2.x message; signed ones have their number and their signed data."""
    found = []
    for when, sampled in _each_group(groups, reading):
        for one in sampled:
            if type(one) is not dict:
                reading.quirk("shape")
                continue
            get = one.get
            unit, multiplier = None, None
            measure = get("unitOfMeasure")
            if type(measure) is dict:
                unit, multiplier = measure.get("unit"), measure.get("multiplier")
            elif measure is not None:
                reading.quirk("type_wrong")
            kind = kind_of(
                (False, get("measurand"), unit, get("context"), get("phase"), get("location"), multiplier),
                reading,
            )
            written = get("value")
            value = as_number(written)
            if value is not None and type(written) is not str:  # a float's digits are those of its JSON
                sample = kind.sample(value, None, when)
            else:
                reading.quirk("value_text")
                sample = kind.sample(value, _as_written(written), when)
            signed = get("signedMeterValue")
            found.append(sample if signed is None else replace(sample, signed=_signed_2x(signed, reading)))
    return tuple(found)


def _signed_2x(signed: Any, reading: Reading) -> SignedReading | None:
    if type(signed) is not dict:
        reading.quirk("type_wrong")
        return None
    return SignedReading(
        data=as_text(signed.get("signedMeterData"), reading) or "",
        encoding=as_text(signed.get("encodingMethod"), reading) or None,
        signing=as_text(signed.get("signingMethod"), reading) or None,
        public_key=as_text(signed.get("publicKey"), reading) or None,
    )


def _each_group(groups: Any, reading: Reading) -> Iterator[tuple[datetime | None, list[Any]]]:
    """Each group's time and its samples, whatever they are; one that stands alone is a list of one."""
    for group in each_object(groups, reading):
        when = as_moment(group.get("timestamp"), reading)
        sampled = group.get("sampledValue")
        if type(sampled) is list:  # an empty one is lawful in transactionData
            yield when, sampled
        else:
            reading.quirk("shape")
            if type(sampled) is dict:
                yield when, [sampled]


def _as_written(value: Any) -> str | None:
    if value is None or type(value) is str:
        return value
    return repr(value) if type(value) in (int, float) else canonical(value)


def newest(payload: Payload) -> Any:
    """The timestamp of the last group of `meterValue`: when a MeterValues message happened."""
    groups = payload.get("meterValue")
    group = groups[-1] if type(groups) is list and groups else groups
    return group.get("timestamp") if type(group) is dict else None


def sampled(event: Event, samples: Iterable[Sample]) -> MeterSampled | None:
    """The `meter.sampled` that is derived from another event; None if there are no samples."""
    found = tuple(samples)
    if not found:
        return None
    return MeterSampled(
        station=event.station,
        received_at=event.received_at,
        protocol=event.protocol,
        evse=event.evse,
        transaction=event.transaction,
        occurred_at=event.occurred_at,
        occurred_at_raw=event.occurred_at_raw,
        offline=event.offline,
        inferred=event.inferred,
        quirks=event.quirks,
        samples=found,
    )
