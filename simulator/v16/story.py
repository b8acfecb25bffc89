"""A visit as 1.6 tells it: StartTransaction once car and card are there, MeterValues, StopTransaction."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.facts import ChargingState, Payload, Reading, Sample, StopCause
from simulator.meter import ENERGY
from simulator.outbox import Kept
from simulator.v16 import messages
from simulator.visit import Stop

if TYPE_CHECKING:
    from simulator.connector import Connector
    from simulator.station import Station
    from simulator.visit import Visit

_UNANSWERED = -1  # what stations put in when their start was never answered with an id


class Story16:
    """Knows the transaction of one visit. Its id comes with the answer to the start, perhaps long after."""

    def __init__(self, station: Station, connector: Connector, visit: Visit) -> None:
        self._station = station
        self._connector = connector
        self._visit = visit
        self._authorized = False
        self._begin: Sample | None = None
        self._base_wh: float | None = None
        self._native_id: int | None = None
        self.is_open = False

    @property
    def transaction_id(self) -> str | None:
        return None if self._native_id is None else str(self._native_id)

    def plugged_in(self) -> None:
        self._start_when_due()

    def authorized(self) -> None:
        self._authorized = True
        self._start_when_due()

    def energy_became(self, state: ChargingState) -> None:
        """1.6 shows it by the connector's status alone."""

    def metered(self, context: str) -> None:
        self._tell_meter(self._sample(context))

    def ended(self, cause: StopCause) -> None:
        if not self.is_open:
            return
        self.is_open = False
        station, meter = self._station, self._connector.meter
        station.tally.sessions_ended += 1
        profile = station.config.profile
        if profile.never_stops:
            return
        sample = self._sample("Transaction.End")
        wanted = set(station.device.members("StopTxnSampledData"))
        samples = tuple(
            Sample(s.timestamp, s.context, tuple(r for r in s.readings if r.measurand in wanted))
            for s in (self._begin, sample)
            if s is not None
        )
        samples = tuple(s for s in samples if s.readings)
        token = self._visit.token if cause is StopCause.LOCAL else None
        register, timestamp = meter.register_wh, sample.timestamp

        def stop() -> Payload:
            return messages.stop(
                self._id_or_unknown, register, timestamp, cause=cause, token=token, samples=samples
            )

        station.outbox.keep(Kept("StopTransaction", stop, transaction=self._key))
        if profile.late_meter_values:
            self._tell_meter(sample)

    @property
    def _key(self) -> str:
        return str(id(self))

    @property
    def _id_or_unknown(self) -> int:
        return _UNANSWERED if self._native_id is None else self._native_id

    def _start_when_due(self) -> None:
        if self.is_open or not (self._authorized and self._visit.plugged):
            return
        self.is_open = True
        station, visit = self._station, self._visit
        station.tally.sessions_started += 1
        self._begin = self._sample("Transaction.Begin")
        payload = messages.start(
            self._connector.number,
            visit.token,
            self._connector.meter.register_wh,
            self._begin.timestamp,
            visit.reservation_id,
        )
        for _ in range(2 if station.config.profile.starts_twice else 1):
            station.outbox.keep(Kept("StartTransaction", lambda: payload, self._started, self._key))

    def _started(self, answer: Payload) -> None:
        native_id = answer.get("transactionId")
        if isinstance(native_id, int):
            self._native_id = native_id
        refused = not self._station.dialect.is_accepted(answer)
        if refused and self.is_open and self._station.device.flag("StopTransactionOnInvalidId"):
            self._connector.instruct(Stop(StopCause.DEAUTHORIZED))

    def _tell_meter(self, sample: Sample) -> None:
        repeated = self._begin if self._station.config.profile.repeats_begin else None

        def values() -> Payload:
            return messages.meter_values(
                self._connector.number, sample, self._id_or_unknown, repeated=repeated
            )

        self._station.outbox.keep(Kept("MeterValues", values, transaction=self._key))

    def _sample(self, context: str) -> Sample:
        measurands = self._station.device.members("MeterValuesSampledData")
        readings = self._connector.meter.read(measurands)
        if self._station.config.profile.samples_from_zero:
            readings = tuple(self._from_zero(reading) for reading in readings)
        return Sample(self._station.clock.timestamp(), context, readings)

    def _from_zero(self, reading: Reading) -> Reading:
        """The register as if it had been set to 0 at the start."""
        if reading.measurand != ENERGY:
            return reading
        if self._base_wh is None:
            self._base_wh = reading.value
        return replace(reading, value=reading.value - self._base_wh)
