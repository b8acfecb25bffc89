"""The configuration keys of OCPP 1.6 as variables of the 2.x device model (reference §2.10).

A key that is no variable of 2.x is a variable of the component OCPP16Ctrlr; a variable that is no key of
1.6 is the key "Component/Variable", which stations of some makers have.
"""

from typing import NamedTuple

from contract.commands import VariableName
from contract.model import StatusInfo
from gateway.translation.outbound.configuration_values import (
    AS_IT_IS,
    MEASURANDS,
    PASSWORD,
    RATE_UNITS,
    TRUTH,
    WRITE_ONLY,
    Form,
    rotation_of,
)

LEGACY_COMPONENT = "OCPP16Ctrlr"
"""The component whose variables are the keys by their own names, with values as 1.6 has them."""

LONGEST_KEY = 50
MAX_KEYS = "GetConfigurationMaxKeys"
PHASE_ROTATION = "ConnectorPhaseRotation"
AUTHORIZATION_KEY = "AuthorizationKey"


class Row(NamedTuple):
    """A key and its variable."""

    key: str
    component: str
    variable: str
    instance: str | None = None
    form: Form = AS_IT_IS


ROWS = (
    Row("ClockAlignedDataInterval", "AlignedDataCtrlr", "Interval"),
    Row("MeterValuesAlignedData", "AlignedDataCtrlr", "Measurands", form=MEASURANDS),
    Row("StopTxnAlignedData", "AlignedDataCtrlr", "TxEndedMeasurands", form=MEASURANDS),
    Row("AuthorizationCacheEnabled", "AuthCacheCtrlr", "Enabled", form=TRUTH),
    Row("AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled", form=TRUTH),
    Row("AuthorizeRemoteTxRequests", "AuthCtrlr", "AuthorizeRemoteStart", form=TRUTH),
    Row("LocalAuthorizeOffline", "AuthCtrlr", "LocalAuthorizeOffline", form=TRUTH),
    Row("LocalPreAuthorize", "AuthCtrlr", "LocalPreAuthorize", form=TRUTH),
    Row("LightIntensity", "BeaconLighting", "Percent"),
    Row("NextTimeOffsetTransitionDateTime", "ClockCtrlr", "NextTimeOffsetTransitionDateTime"),
    Row("TimeOffset", "ClockCtrlr", "TimeOffset"),
    Row(MAX_KEYS, "DeviceDataCtrlr", "ItemsPerMessage", "GetVariables"),
    Row("CentralContractValidationAllowed", "ISO15118Ctrlr", "CentralContractValidationAllowed", form=TRUTH),
    Row("ContractValidationOffline", "ISO15118Ctrlr", "ContractValidationOffline", form=TRUTH),
    Row("ISO15118PnCEnabled", "ISO15118Ctrlr", "PnCEnabled", form=TRUTH),
    Row("SeccLeafSubjectCommonName", "ISO15118Ctrlr", "SeccId"),
    Row("SeccLeafSubjectCountry", "ISO15118Ctrlr", "CountryName"),
    Row("SeccLeafSubjectOrganization", "ISO15118Ctrlr", "OrganizationName"),
    Row("LocalAuthListEnabled", "LocalAuthListCtrlr", "Enabled", form=TRUTH),
    Row("SendLocalListMaxLength", "LocalAuthListCtrlr", "ItemsPerMessage"),
    Row("HeartbeatInterval", "OCPPCommCtrlr", "HeartbeatInterval"),
    Row("MinimumStatusDuration", "OCPPCommCtrlr", "MinimumStatusDuration"),
    Row("QueueAllMessages", "OCPPCommCtrlr", "QueueAllMessages", form=TRUTH),
    Row("ResetRetries", "OCPPCommCtrlr", "ResetRetries"),
    Row("RetryBackOffRandomRange", "OCPPCommCtrlr", "RetryBackOffRandomRange"),
    Row("RetryBackOffRepeatTimes", "OCPPCommCtrlr", "RetryBackOffRepeatTimes"),
    Row("RetryBackOffWaitMinimum", "OCPPCommCtrlr", "RetryBackOffWaitMinimum"),
    Row("SupportedFileTransferProtocols", "OCPPCommCtrlr", "FileTransferProtocols"),
    Row("TransactionMessageAttempts", "OCPPCommCtrlr", "MessageAttempts", "TransactionEvent"),
    Row("TransactionMessageRetryInterval", "OCPPCommCtrlr", "MessageAttemptInterval", "TransactionEvent"),
    Row("UnlockConnectorOnEVSideDisconnect", "OCPPCommCtrlr", "UnlockOnEVSideDisconnect", form=TRUTH),
    Row("WebSocketPingInterval", "OCPPCommCtrlr", "WebSocketPingInterval"),
    Row("ReserveConnectorZeroSupported", "ReservationCtrlr", "NonEvseSpecific", form=TRUTH),
    Row("MeterValueSampleInterval", "SampledDataCtrlr", "TxUpdatedInterval"),
    Row("MeterValuesSampledData", "SampledDataCtrlr", "TxUpdatedMeasurands", form=MEASURANDS),
    Row("StopTxnSampledData", "SampledDataCtrlr", "TxEndedMeasurands", form=MEASURANDS),
    Row("AdditionalRootCertificateCheck", "SecurityCtrlr", "AdditionalRootCertificateCheck", form=TRUTH),
    Row(AUTHORIZATION_KEY, "SecurityCtrlr", "BasicAuthPassword", form=PASSWORD),
    Row("CertSigningRepeatTimes", "SecurityCtrlr", "CertSigningRepeatTimes"),
    Row("CertSigningWaitMinimum", "SecurityCtrlr", "CertSigningWaitMinimum"),
    Row("CertificateSignedMaxChainSize", "SecurityCtrlr", "MaxCertificateChainSize"),
    Row("CpoName", "SecurityCtrlr", "OrganizationName"),
    Row("SecurityProfile", "SecurityCtrlr", "SecurityProfile"),
    Row("ChargeProfileMaxStackLevel", "SmartChargingCtrlr", "ProfileStackLevel"),
    Row("ChargingScheduleAllowedChargingRateUnit", "SmartChargingCtrlr", "RateUnit", form=RATE_UNITS),
    Row("ChargingScheduleMaxPeriods", "SmartChargingCtrlr", "PeriodsPerSchedule"),
    Row("ConnectorSwitch3to1PhaseSupported", "SmartChargingCtrlr", "Phases3to1", form=TRUTH),
    Row("ConnectionTimeOut", "TxCtrlr", "EVConnectionTimeOut"),
    Row("MaxEnergyOnInvalidId", "TxCtrlr", "MaxEnergyOnInvalidId"),
    Row("StopTransactionOnEVSideDisconnect", "TxCtrlr", "StopTxOnEVSideDisconnect", form=TRUTH),
    Row("StopTransactionOnInvalidId", "TxCtrlr", "StopTxOnInvalidId", form=TRUTH),
)
"""The keys that are variables, some of them of extensions or of makers; also ConnectorPhaseRotation, one for each EVSE."""

CHARACTERISTICS = (
    Row("MeterValuesAlignedDataMaxLength", "AlignedDataCtrlr", "Measurands"),
    Row("StopTxnAlignedDataMaxLength", "AlignedDataCtrlr", "TxEndedMeasurands"),
    Row("LocalAuthListMaxLength", "LocalAuthListCtrlr", "Entries"),
    Row("MeterValuesSampledDataMaxLength", "SampledDataCtrlr", "TxUpdatedMeasurands"),
    Row("StopTxnSampledDataMaxLength", "SampledDataCtrlr", "TxEndedMeasurands"),
    Row("CertificateStoreMaxLength", "SecurityCtrlr", "CertificateEntries"),
    Row("MaxChargingProfilesInstalled", "SmartChargingCtrlr", "Entries", "ChargingProfiles"),
)
"""The keys that are no variables but the `maxLimit` of some: told by a report, and by their own names."""

ROW_OF_KEY = {row.key.casefold(): row for row in ROWS}
LIMIT_OF_KEY = {row.key.casefold(): row for row in CHARACTERISTICS}
"""The rows by the key as `folded` makes it."""

_ROW_OF_VARIABLE = {(row.component, row.variable, row.instance): row for row in ROWS}
_LIMIT_OF_VARIABLE = {(row.component, row.variable, row.instance): row for row in CHARACTERISTICS}


def folded(key: str) -> str:
    """A key in the one case in which keys are compared: stations write HeartBeatInterval, too."""
    return key.strip().casefold()


class Place(NamedTuple):
    """The key that holds a variable, and the form of its value there."""

    key: str
    form: Form


class Nowhere(NamedTuple):
    """No key holds the variable: the statuses of reading and of writing it, and why."""

    reading: str
    writing: str
    info: StatusInfo


def place_of(name: VariableName) -> Place | Nowhere:
    """Where a variable stands at a 1.6 station."""
    if name.attribute not in (None, "Actual"):
        why = _because("UnsupportedParam", "OCPP 1.6 has no attributes")
        return Nowhere("NotSupportedAttributeType", "NotSupportedAttributeType", why)
    if name.component == LEGACY_COMPONENT:
        is_secret = folded(name.variable) == folded(AUTHORIZATION_KEY)
        return _fitting(name.variable, WRITE_ONLY if is_secret else AS_IT_IS)
    if name.variable == "PhaseRotation" and (connector := _rotating(name)) is not None:
        return Place(PHASE_ROTATION, rotation_of(connector))
    if name.evse is None and name.component_instance is None:
        variable = (name.component, name.variable, name.variable_instance)
        if variable in _ROW_OF_VARIABLE:
            row = _ROW_OF_VARIABLE[variable]
            return Place(row.key, row.form)
        if variable in _LIMIT_OF_VARIABLE:
            told = f"OCPP 1.6 has its maxLimit only: {_LIMIT_OF_VARIABLE[variable].key} of {LEGACY_COMPONENT}"
            return Nowhere("UnknownVariable", "Rejected", _because("UnsupportedRequest", told))
        if variable == ("OCPPCommCtrlr", "NetworkConfigurationPriority", None):
            # To set it would cut the station off if the rest of the procedure were not done (row 65).
            told = (
                f"OCPP 1.6 has no network profiles; some makers have CentralSystemURI of {LEGACY_COMPONENT}"
            )
            return Nowhere("UnknownVariable", "Rejected", _because("UnsupportedRequest", told))
    return _fitting(_spelled(name), AS_IT_IS)


def limit_of(name: VariableName) -> VariableName | None:
    """The variable that tells the `maxLimit` of this one; None where 1.6 has none."""
    row = _LIMIT_OF_VARIABLE.get((name.component, name.variable, name.variable_instance))
    if row is None or name.evse is not None or name.component_instance is not None:
        return None
    return VariableName(component=LEGACY_COMPONENT, variable=row.key)


def _because(reason_code: str, told: str) -> StatusInfo:
    return StatusInfo(reason_code=reason_code, additional_info=told)


def _rotating(name: VariableName) -> int | None:
    """The connector whose rotation it is; 0 for that of the station."""
    if name.component == "ChargingStation":
        return 0 if name.evse is None else None
    return name.evse.id if name.component in ("Connector", "EVSE") and name.evse is not None else None


def _fitting(key: str, form: Form) -> Place | Nowhere:
    if len(key) <= LONGEST_KEY:
        return Place(key, form)
    told = f"a key of OCPP 1.6 has {LONGEST_KEY} characters at most: {key}"
    return Nowhere("UnknownVariable", "UnknownVariable", _because("TooLargeElement", told))


def _spelled(name: VariableName) -> str:
    """The key of a variable that 1.6 does not know: Component[instance]/Variable[instance]@evse.connector."""
    component, variable = (
        text if instance is None else f"{text}[{instance}]"
        for text, instance in (
            (name.component, name.component_instance),
            (name.variable, name.variable_instance),
        )
    )
    if name.evse is None:
        return f"{component}/{variable}"
    at = ".".join(str(part) for part in (name.evse.id, name.evse.connector_id) if part is not None)
    return f"{component}/{variable}@{at}"
