"""A visit as 2.x tells it: a row of TransactionEvents, numbered by the station, under an id of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from simulator.chance import stream, uuid_text
from simulator.facts import ChargingState, Payload, Sample, StopCause
from simulator.outbox import Kept
from simulator.v2x import messages
from simulator.v2x.messages import Turn
from simulator.visit import Stop

if TYPE_CHECKING:
    from simulator.connector import Connector
    from simulator.station import Station
    from simulator.visit import Visit


class Story2x:
    """Knows the transaction of one visit: its id, its next number, and what has been told of it already."""

    def __init__(self, station: Station, connector: Connector, visit: Visit, number: int) -> None:
        self._station = station
        self._connector = connector
        self._visit = visit
        self._id = uuid_text(stream(station.config.seed, connector.number, "transaction", number))
        self._seq_no = 0
        self._told_evse = False
        self._charging_since: float | None = None
        self._seconds_charging = 0.0
        self.is_open = False

    @property
    def transaction_id(self) -> str | None:
        return self._id

    def plugged_in(self) -> None:
        """Begins the transaction where TxStartPoint says so, or adds to one that the card began (E02, E03)."""
        if self.is_open or "EVConnected" in self._station.device.members("TxCtrlr.TxStartPoint"):
            self._tell(self._turn("CablePluggedIn"))

    def authorized(self) -> None:
        remote = self._visit.remote
        turn = self._turn("Authorized" if remote is None else "RemoteStart")
        remote_start_id = None if remote is None else remote.remote_start_id
        self._tell(replace(turn, token=self._visit.token, remote_start_id=remote_start_id))

    def energy_became(self, state: ChargingState) -> None:
        now = self._station.clock.station_seconds()
        if self._charging_since is not None:
            self._seconds_charging += now - self._charging_since
        self._charging_since = now if state is ChargingState.CHARGING else None
        self._tell(replace(self._turn("ChargingStateChanged"), state=state))

    def metered(self, context: str) -> None:
        sample = self._sample(context, "MeterValuesSampledData")
        self._tell(
            replace(self._turn("Trigger" if context == "Trigger" else "MeterValuePeriodic"), sample=sample)
        )

    def ended(self, cause: StopCause) -> None:
        if not self.is_open:
            return
        if self._charging_since is not None:
            self._seconds_charging += self._station.clock.station_seconds() - self._charging_since
        self._tell(
            replace(
                self._turn(cause.trigger_2x),
                event="Ended",
                cause=cause,
                token=self._visit.token if cause is StopCause.LOCAL else None,
                sample=self._sample("Transaction.End", "StopTxnSampledData"),
                seconds_charging=int(self._seconds_charging),
            )
        )
        self.is_open = False
        self._station.tally.sessions_ended += 1

    def _turn(self, trigger: str) -> Turn:
        return Turn("Updated", trigger, self._station.clock.timestamp(), self._connector.state)

    def _tell(self, turn: Turn) -> None:
        """Numbers the turn and keeps it. The EVSE is named once, when it is known (E01.FR.16)."""
        station, visit = self._station, self._visit
        if not self.is_open:
            self.is_open = True
            station.tally.sessions_started += 1
            begin = self._sample("Transaction.Begin", "StopTxnSampledData")
            turn = replace(turn, event="Started", sample=begin, reservation_id=visit.reservation_id)
        if visit.plugged and not self._told_evse:
            self._told_evse = True
            turn = replace(turn, evse=self._connector.number)
        # offline: that it *happened* while there was no connection, not that it is delivered late (§1.62.1)
        offline = not station.online.is_set()
        payload = messages.transaction_event(turn, self._id, self._seq_no, offline=offline)
        self._seq_no += 1
        answered = self._judged if turn.token is not None and turn.event != "Ended" else None
        station.outbox.keep(Kept("TransactionEvent", lambda: payload, answered, self._id))

    def _judged(self, answer: Payload) -> None:
        refused = "idTokenInfo" in answer and not self._station.dialect.is_accepted(answer)
        if refused and self.is_open and self._station.device.flag("StopTransactionOnInvalidId"):
            self._connector.instruct(Stop(StopCause.DEAUTHORIZED))

    def _sample(self, context: str, measurands_key: str) -> Sample:
        measurands = self._station.device.members(measurands_key)
        return Sample(self._station.clock.timestamp(), context, self._connector.meter.read(measurands))
