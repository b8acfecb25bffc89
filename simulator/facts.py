"""The words a station's life is told in, before any OCPP version gives them a shape."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

Payload = dict[str, Any]


class Version(StrEnum):
    """An OCPP version by the name people use for it."""

    V16 = "1.6"
    V201 = "2.0.1"
    V21 = "2.1"

    @property
    def subprotocol(self) -> str:
        return f"ocpp{self.value}"

    @property
    def tag(self) -> str:
        """The version inside a station id, where a dot would read badly."""
        return self.value.replace(".", "")


class Status(StrEnum):
    """A connector's status in the nine words of 1.6; 2.x has five, to which these fold."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    CHARGING = "Charging"
    SUSPENDED_EVSE = "SuspendedEVSE"
    SUSPENDED_EV = "SuspendedEV"
    FINISHING = "Finishing"
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class ChargingState(StrEnum):
    """What the energy does during a transaction, in the words of 2.x."""

    IDLE = "Idle"
    EV_CONNECTED = "EVConnected"
    CHARGING = "Charging"
    SUSPENDED_EV = "SuspendedEV"
    SUSPENDED_EVSE = "SuspendedEVSE"

    @property
    def status(self) -> Status:
        """The connector status that 1.6 shows for it while a transaction is open."""
        return _STATUS_OF_STATE[self]


_STATUS_OF_STATE = {
    ChargingState.IDLE: Status.PREPARING,
    ChargingState.EV_CONNECTED: Status.PREPARING,
    ChargingState.CHARGING: Status.CHARGING,
    ChargingState.SUSPENDED_EV: Status.SUSPENDED_EV,
    ChargingState.SUSPENDED_EVSE: Status.SUSPENDED_EVSE,
}


class StopCause(Enum):
    """Why a transaction ended: the reason in 1.6, and reason and trigger in 2.x."""

    LOCAL = ("Local", "Local", "StopAuthorized")
    UNPLUGGED = ("EVDisconnected", "EVDisconnected", "EVCommunicationLost")
    REMOTE = ("Remote", "Remote", "RemoteStop")
    SOFT_RESET = ("SoftReset", "ImmediateReset", "ResetCommand")
    HARD_RESET = ("HardReset", "ImmediateReset", "ResetCommand")
    UNLOCKED = ("UnlockCommand", "Other", "UnlockCommand")
    DEAUTHORIZED = ("DeAuthorized", "DeAuthorized", "Deauthorized")
    EMERGENCY = ("EmergencyStop", "EmergencyStop", "AbnormalCondition")

    def __init__(self, reason_16: str, reason_2x: str, trigger_2x: str) -> None:
        self.reason_16 = reason_16
        self.reason_2x = reason_2x
        self.trigger_2x = trigger_2x


class BootReason(StrEnum):
    """Why the station started, as 2.x says it; 1.6 has no field for it."""

    POWER_UP = "PowerUp"
    REMOTE_RESET = "RemoteReset"
    FIRMWARE_UPDATE = "FirmwareUpdate"
    TRIGGERED = "Triggered"


@dataclass(frozen=True, slots=True)
class Token:
    """What a driver identifies with. The type exists on the wire only in 2.x."""

    value: str
    type: str = "ISO14443"


@dataclass(frozen=True, slots=True)
class Message:
    """One CALL to make: its action and payload, still without a message id."""

    action: str
    payload: Payload


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of the meter at one instant, in SI units (Wh, W, V, A, Percent)."""

    measurand: str
    value: float
    unit: str
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """The readings of one instant and the occasion on which they were taken (OCPP's reading context)."""

    timestamp: str
    context: str
    readings: tuple[Reading, ...]
