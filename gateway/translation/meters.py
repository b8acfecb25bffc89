"""Meter values of all versions as samples: base units, exact numbers, nothing lost (reference §3.6)."""

from collections.abc import Iterable
from typing import Any

from contract.events import Event, MeterSampled
from contract.model import Sample
from gateway.translation.table import Payload, Reader, Reading


def samples_16(path: str) -> Reader:
    """The samples of a 1.6 `meterValue` (or `transactionData`) list: a reader."""
    return lambda payload, reading: read_16(payload.get(path), reading)


def samples_2x(path: str) -> Reader:
    """The samples of a 2.x `meterValue` list: a reader."""
    return lambda payload, reading: read_2x(payload.get(path), reading)


def read_16(meter_values: Any, reading: Reading) -> tuple[Sample, ...]:
    """All samples of all groups of a 1.6 message."""
    raise NotImplementedError


def read_2x(meter_values: Any, reading: Reading) -> tuple[Sample, ...]:
    """All samples of all groups of a 2.x message."""
    raise NotImplementedError


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
