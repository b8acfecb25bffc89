"""What a central system can make a station do, whatever words its version has for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.facts import BootReason, Payload, Status, StopCause, Token
from simulator.visit import LimitChanged, Reservation, Start, Stop

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from simulator.connector import Connector
    from simulator.station import Station

_FIRMWARE_BEFORE_BOOT = ("Downloading", "Downloaded", "Installing")
_SIGNED_FIRMWARE_BEFORE_BOOT = (
    "Downloading",
    "Downloaded",
    "SignatureVerified",
    "Installing",
    "InstallRebooting",
)
_STEP_SECONDS = 20.0  # station seconds between two steps of a download or an upload


class Controls:
    """The levers of one station, and what it holds for its central system: lists, reservations, certificates."""

    def __init__(self, station: Station) -> None:
        self._station = station
        self.local_list_version = 0
        self.local_list: dict[str, bool] = {}
        """Token value to whether it may charge."""
        self.certificates: dict[str, tuple[str, Payload]] = {}
        """Serial number to certificate type and hash data."""
        self.display_messages: dict[int, Payload] = {}
        self.firmware_status = "Idle"
        self.firmware_request: int | None = None
        self.firmware_version = 1
        self.log_status = "Idle"
        self.log_request: int | None = None

    # -- transactions

    def connector(self, number: int) -> Connector | None:
        connectors = self._station.connectors
        return connectors[number - 1] if 0 < number <= len(connectors) else None

    def connector_with(self, transaction_id: str) -> Connector | None:
        return next(
            (
                connector
                for connector in self._station.connectors
                if connector.transaction_is_open
                and connector.story is not None
                and connector.story.transaction_id == transaction_id
            ),
            None,
        )

    def start(self, number: int | None, start: Start) -> bool:
        """Sends a car to a free connector (any, if none is named), or authorizes the one that waits there."""
        for connector in self._candidates(number):
            if connector.operative and not connector.transaction_is_open and connector.takes(start.token):
                connector.instruct(start)
                return True
        return False

    def _candidates(self, number: int | None) -> Iterable[Connector]:
        if number is None or number == 0:
            return self._station.connectors
        named = self.connector(number)
        return () if named is None else (named,)

    def stop(self, transaction_id: str, cause: StopCause = StopCause.REMOTE) -> bool:
        connector = self.connector_with(transaction_id)
        if connector is not None:
            connector.instruct(Stop(cause))
        return connector is not None

    def limits_changed(self) -> None:
        for connector in self._station.connectors:
            if connector.transaction_is_open:
                connector.instruct(LimitChanged())

    # -- the station as a whole

    @property
    def is_busy(self) -> bool:
        return any(connector.transaction_is_open for connector in self._station.connectors)

    async def reset(self, cause: StopCause | None) -> None:
        """Reboots, after the transactions were ended for `cause`, or (None) have come to their own end."""
        if cause is not None:
            self.stop_all(cause)
        for connector in self._station.connectors:
            await connector.concluded.wait()
        if cause is not StopCause.HARD_RESET:
            await self._station.outbox.emptied()
        self._station.secure("ResetOrReboot")
        await self._station.restart(BootReason.REMOTE_RESET)

    def stop_all(self, cause: StopCause) -> None:
        for connector in self._station.connectors:
            if connector.visit is not None:
                connector.instruct(Stop(cause))

    def change_availability(self, number: int, *, operative: bool) -> str | None:
        """Accepted, or Scheduled behind a transaction; None for a connector that does not exist."""
        chosen = self._station.connectors if number == 0 else [self.connector(number)]
        if None in chosen:
            return None
        for connector in chosen:
            assert connector is not None
            connector.operative = operative
            connector.settle()
        busy = any(connector is not None and connector.transaction_is_open for connector in chosen)
        return "Scheduled" if busy and not operative else "Accepted"

    # -- reservations

    def reserve(self, number: int, reservation_id: int, token: Token, expires: datetime) -> str:
        """Reserves a connector (0: any free one) and returns the status to answer with."""
        chosen = next(
            (
                c
                for c in self._candidates(number)
                if c.status is Status.AVAILABLE or self._is_own(c, reservation_id)
            ),
            None,
        )
        if chosen is None:
            return self._why_not(number)
        clock = self._station.clock
        seconds = (expires - clock.now()).total_seconds()
        chosen.reservation = Reservation(reservation_id, token, clock.station_seconds() + seconds)
        chosen.settle()

        async def expire() -> None:
            await clock.sleep(max(0.0, seconds))
            current = chosen.reservation
            if current is not None and current.id == reservation_id:
                self._free(chosen)
                if (message := self._station.dialect.reservation_expired(reservation_id)) is not None:
                    self._station.tell(message)

        self._station.carry_out(expire)
        return "Accepted"

    def _is_own(self, connector: Connector, reservation_id: int) -> bool:
        return connector.reservation is not None and connector.reservation.id == reservation_id

    def _why_not(self, number: int) -> str:
        connectors = list(self._candidates(number))
        if not connectors:
            return "Rejected"
        return "Unavailable" if all(c.status is Status.UNAVAILABLE for c in connectors) else "Occupied"

    def cancel_reservation(self, reservation_id: int) -> bool:
        for connector in self._station.connectors:
            if self._is_own(connector, reservation_id):
                self._free(connector)
                return True
        return False

    def _free(self, connector: Connector) -> None:
        connector.reservation = None
        connector.settle()

    # -- the local list

    def is_authorized_offline(self, token: Token) -> bool:
        """1.6 §3.4 and 2.x C15: the local list first, then whether unknown tokens may charge."""
        device = self._station.device
        if not device.flag("LocalAuthorizeOffline"):
            return False
        listed = self.local_list.get(token.value) if device.flag("LocalAuthListEnabled") else None
        return device.flag("AllowOfflineTxForUnknownId") if listed is None else listed

    def update_local_list(self, version: int, entries: dict[str, bool | None], *, full: bool) -> bool:
        """Takes a list, or the changes to it (None removes a token). False if the version is not newer."""
        if not full and version <= self.local_list_version:
            return False
        merged = entries if full else {**self.local_list, **entries}
        self.local_list = {value: allowed for value, allowed in merged.items() if allowed is not None}
        self.local_list_version = version
        for key in ("LocalAuthListMaxLength", "LocalAuthListCtrlr.Entries"):
            self._station.device.install(key, str(len(self.local_list)))
        return True

    # -- firmware and logs

    async def update_firmware(self, request_id: int | None, *, signed: bool) -> None:
        """Downloads, installs and reboots, with the status of each step told."""
        station = self._station
        self.firmware_request = request_id
        for status in _SIGNED_FIRMWARE_BEFORE_BOOT if signed else _FIRMWARE_BEFORE_BOOT:
            await station.clock.sleep(_STEP_SECONDS)
            await self._tell_firmware(status)
        self.firmware_version += 1
        station.device.install("ChargingStation.FirmwareVersion", self.firmware_text)
        self.stop_all(StopCause.HARD_RESET)
        for connector in station.connectors:
            await connector.concluded.wait()
        await station.restart(BootReason.FIRMWARE_UPDATE)
        await station.online.wait()
        station.secure("FirmwareUpdated")
        await self._tell_firmware("Installed")
        self.firmware_status = "Idle"

    @property
    def firmware_text(self) -> str:
        return f"{self.firmware_version}.0.0"

    async def _tell_firmware(self, status: str) -> None:
        self.firmware_status = status
        await self._station.call_message(self._station.dialect.firmware_status(status, self.firmware_request))

    async def upload_log(self, request_id: int | None) -> None:
        """Uploads a log that does not exist, with the status of each step told."""
        self.log_request = request_id
        for status in ("Uploading", "Uploaded"):
            self.log_status = status
            await self._station.call_message(self._station.dialect.log_status(status, request_id))
            await self._station.clock.sleep(_STEP_SECONDS)
        self.log_status = "Idle"
