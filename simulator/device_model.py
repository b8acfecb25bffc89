"""The variables of a station, one table for all versions: 1.6 knows them by key, 2.x by component and variable."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from simulator.meter import MEASURANDS

if TYPE_CHECKING:
    from collections.abc import Iterator


class Written(Enum):
    """What became of an attempt to set a variable."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"
    REBOOT_REQUIRED = "RebootRequired"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable. `key` is its 1.6 name where it has one, else `Component.Variable`."""

    key: str
    component: str
    name: str
    default: str
    kind: str = "integer"
    instance: str | None = None
    writable: bool = True
    in_16: bool = True
    in_2x: bool = True
    after_reboot: bool = False

    def allows(self, value: str) -> bool:
        match self.kind:
            case "integer":
                return value.isascii() and value.isdigit() and len(value) < 10
            case "boolean":
                return value.lower() in {"true", "false"}
            case "measurands":
                return all(name.strip() for name in value.split(",")) or not value
        return True

    @property
    def data_type(self) -> str:
        """The dataType of 2.x's VariableCharacteristics."""
        return "MemberList" if self.kind == "measurands" else self.kind


def _read_only(
    key: str,
    component: str,
    name: str,
    default: str,
    kind: str = "integer",
    *,
    in_16: bool = True,
    in_2x: bool = True,
) -> Variable:
    return Variable(key, component, name, default, kind, writable=False, in_16=in_16, in_2x=in_2x)


_MEASURANDS = ",".join(MEASURANDS)
_COMM, _TX, _SAMPLED, _AUTH = "OCPPCommCtrlr", "TxCtrlr", "SampledDataCtrlr", "AuthCtrlr"

VARIABLES = (
    Variable("HeartbeatInterval", _COMM, "HeartbeatInterval", "300"),
    Variable("TransactionMessageAttempts", _COMM, "MessageAttempts", "0", instance="TransactionEvent"),
    Variable("TransactionMessageRetryInterval", _COMM, "MessageAttemptInterval", "5", instance="TransactionEvent"),
    Variable("WebSocketPingInterval", _COMM, "WebSocketPingInterval", "0", after_reboot=True),
    Variable("MeterValueSampleInterval", _SAMPLED, "TxUpdatedInterval", "60"),
    Variable("MeterValuesSampledData", _SAMPLED, "TxUpdatedMeasurands", _MEASURANDS, "measurands"),
    Variable("StopTxnSampledData", _SAMPLED, "TxEndedMeasurands", MEASURANDS[0], "measurands"),
    Variable("ConnectionTimeOut", _TX, "EVConnectionTimeOut", "120"),
    Variable("StopTransactionOnInvalidId", _TX, "StopTxOnInvalidId", "true", "boolean"),
    Variable("StopTransactionOnEVSideDisconnect", _TX, "StopTxOnEVSideDisconnect", "true", "boolean"),
    Variable("TxCtrlr.TxStartPoint", _TX, "TxStartPoint", "Authorized", "string", in_16=False),
    Variable("AuthorizeRemoteTxRequests", _AUTH, "AuthorizeRemoteStart", "false", "boolean"),
    Variable("LocalAuthorizeOffline", _AUTH, "LocalAuthorizeOffline", "true", "boolean"),
    Variable("AllowOfflineTxForUnknownId", _AUTH, "OfflineTxForUnknownIdEnabled", "true", "boolean"),
    Variable("LocalAuthListEnabled", "LocalAuthListCtrlr", "Enabled", "true", "boolean"),
    _read_only("SendLocalListMaxLength", "LocalAuthListCtrlr", "ItemsPerMessage", "100"),
    _read_only("LocalAuthListMaxLength", "LocalAuthListCtrlr", "Entries", "0", in_2x=False),
    _read_only("LocalAuthListCtrlr.Entries", "LocalAuthListCtrlr", "Entries", "0", in_16=False),
    _read_only("ChargeProfileMaxStackLevel", "SmartChargingCtrlr", "ProfileStackLevel", "9"),
    _read_only("ChargingScheduleAllowedChargingRateUnit", "SmartChargingCtrlr", "RateUnit", "Current,Power", "string"),
    _read_only("NumberOfConnectors", "ChargingStation", "NumberOfConnectors", "1", in_2x=False),
    _read_only("SupportedFeatureProfiles", "ChargingStation", "SupportedFeatureProfiles",
               "Core,FirmwareManagement,LocalAuthListManagement,Reservation,SmartCharging,RemoteTrigger", "string", in_2x=False),
    _read_only("GetConfigurationMaxKeys", "DeviceDataCtrlr", "ItemsPerMessage", "50"),
    _read_only("ChargingStation.Model", "ChargingStation", "Model", "", "string", in_16=False),
    _read_only("ChargingStation.VendorName", "ChargingStation", "VendorName", "", "string", in_16=False),
    _read_only("ChargingStation.FirmwareVersion", "ChargingStation", "FirmwareVersion", "1.0.0", "string", in_16=False),
    _read_only("ChargingStation.Available", "ChargingStation", "Available", "true", "boolean", in_16=False),
    _read_only("SecurityProfile", "SecurityCtrlr", "SecurityProfile", "1"),
)  # fmt: skip
_BY_KEY = {variable.key: variable for variable in VARIABLES}


class DeviceModel:
    """The variables of one station; holds only what differs from the defaults, because there are thousands."""

    def __init__(self, **own_values: str) -> None:
        self._values = dict(own_values)

    def text(self, key: str) -> str:
        return self._values.get(key, _BY_KEY[key].default)

    def integer(self, key: str) -> int:
        return int(self.text(key))

    def flag(self, key: str) -> bool:
        return self.text(key).lower() == "true"

    def members(self, key: str) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.text(key).split(",") if name.strip())

    def install(self, key: str, value: str) -> None:
        """Sets what only the station itself may set."""
        self._values[key] = value

    def write(self, variable: Variable, value: str) -> Written:
        """What a central system's attempt to set it leads to."""
        if not variable.writable or not variable.allows(value):
            return Written.REJECTED
        self._values[variable.key] = value
        return Written.REBOOT_REQUIRED if variable.after_reboot else Written.ACCEPTED


def keys_16() -> Iterator[Variable]:
    """The configuration keys of 1.6."""
    return (variable for variable in VARIABLES if variable.in_16)


def by_key(key: str) -> Variable | None:
    """The variable behind a 1.6 key; keys are compared without case (1.6 §9)."""
    return next((variable for variable in keys_16() if variable.key.lower() == key.lower()), None)


def variables_2x() -> Iterator[Variable]:
    """The component variables of 2.x."""
    return (variable for variable in VARIABLES if variable.in_2x)


def components_2x() -> frozenset[str]:
    return frozenset(variable.component for variable in variables_2x())


def by_component(component: str, name: str, instance: str | None) -> Variable | None:
    """The variable of a 2.x component. An instance is compared only where one is named."""
    return next(
        (
            variable
            for variable in variables_2x()
            if variable.component.lower() == component.lower()
            and variable.name.lower() == name.lower()
            and (instance is None or variable.instance in {None, instance})
        ),
        None,
    )
