"""What a station can be asked: one frozen class per command, in the imperative.

`NAME` is the command's name in the canonical vocabulary. Fields are those of OCPP 2.x in our words; what a
1.6 station cannot do of them is named in the result (`unsupported`, or `loss`). Commands whose payload
only 2.x knows, and that we take as it is, are in `passed_down`.
"""

from typing import Annotated, Any, ClassVar, Literal

from msgspec import Meta

from contract.model import AuthorizationStatus, Evse, IdToken, Moment, Value

Versions = tuple[str, ...]

ALL: Versions = ("1.6", "2.0.1", "2.1")
SINCE_201: Versions = ("2.0.1", "2.1")
SINCE_21: Versions = ("2.1",)

EvseNumber = Annotated[int, Meta(ge=0)]
"""The number of an EVSE; 0 is the station itself."""

RequestedMessage = Literal[
    "BootNotification",
    "LogStatusNotification",
    "FirmwareStatusNotification",
    "Heartbeat",
    "MeterValues",
    "SignChargingStationCertificate",
    "SignV2GCertificate",
    "SignV2G20Certificate",
    "StatusNotification",
    "TransactionEvent",
    "SignCombinedCertificate",
    "PublishFirmwareStatusNotification",
    "CustomTrigger",
]
ProfilePurpose = Literal[
    "ChargingStationExternalConstraints",
    "ChargingStationMaxProfile",
    "TxDefaultProfile",
    "TxProfile",
    "PriorityCharging",
    "LocalGeneration",
]
RootCertificate = Literal[
    "V2GRootCertificate",
    "MORootCertificate",
    "CSMSRootCertificate",
    "ManufacturerRootCertificate",
    "OEMRootCertificate",
]
InstalledCertificate = Literal[RootCertificate, "V2GCertificateChain"]


class Command(Value, frozen=True, kw_only=True):
    """A command's arguments. `VERSIONS` are those of OCPP that have the command, or some form of it."""

    NAME: ClassVar[str]
    VERSIONS: ClassVar[Versions] = ALL


class TransactionStart(Command, frozen=True, kw_only=True):
    """Start charging for `id_token`, on `evse` or wherever the station decides.

    `remote_start_id` is made from the command's id where it is absent; 1.6 has none.
    `charging_profile` is the 2.x ChargingProfileType. A token without a type is given the one it looks like.
    """

    NAME = "transaction.start"
    id_token: IdToken
    evse: Evse | None = None
    group_id_token: IdToken | None = None
    charging_profile: dict[str, Any] | None = None
    remote_start_id: int | None = None


class TransactionStop(Command, frozen=True, kw_only=True):
    """Stop the transaction with this canonical id (`transaction.id` of its events)."""

    NAME = "transaction.stop"
    transaction_id: str


class TransactionGetStatus(Command, frozen=True, kw_only=True):
    """Whether a transaction is going on, and whether messages of it still wait at the station (2.x only)."""

    NAME = "transaction.get_status"
    VERSIONS = SINCE_201
    transaction_id: str | None = None


class StationReset(Command, frozen=True, kw_only=True):
    """Restart the station, or one EVSE.

    `type` is Immediate, OnIdle or (2.1) ImmediateAndResume. 1.6 knows Hard (Immediate) and Soft, which ends
    running transactions, where OnIdle waits for them. With `accept_soft` OnIdle is sent as Soft, which takes
    that loss.
    """

    NAME = "station.reset"
    type: Literal["Immediate", "OnIdle", "ImmediateAndResume"] = "Immediate"
    evse: Evse | None = None
    accept_soft: bool = False


class StationTriggerMessage(Command, frozen=True, kw_only=True):
    """Have the station send a message now.

    `requested_message` is a 2.x word. `custom_trigger` is a vendor's own (2.1), where that is CustomTrigger.
    """

    NAME = "station.trigger_message"
    requested_message: RequestedMessage
    evse: Evse | None = None
    custom_trigger: str | None = None


class ConnectorUnlock(Command, frozen=True, kw_only=True):
    """Let go of the cable."""

    NAME = "connector.unlock"
    evse: Evse


class AvailabilityChange(Command, frozen=True, kw_only=True):
    """Take a connector, an EVSE or (without `evse`) the station in or out of service: Operative, Inoperative."""

    NAME = "availability.change"
    operational_status: Literal["Operative", "Inoperative"]
    evse: Evse | None = None


class VariableName(Value, frozen=True, kw_only=True):
    """A variable of the 2.x device model; for 1.6 also `component` OCPP16Ctrlr with the key as `variable`."""

    component: str
    variable: str
    component_instance: str | None = None
    variable_instance: str | None = None
    evse: Evse | None = None
    attribute: Literal["Actual", "Target", "MinSet", "MaxSet"] | None = None


class VariableValue(VariableName, frozen=True, kw_only=True):
    """A variable and what it shall be."""

    value: str


class VariablesGet(Command, frozen=True, kw_only=True):
    """Read variables, each with a result of its own."""

    NAME = "variables.get"
    variables: tuple[VariableName, ...]


class VariablesSet(Command, frozen=True, kw_only=True):
    """Write variables, each with a result of its own; one that fails stops none of the others."""

    NAME = "variables.set"
    variables: tuple[VariableValue, ...]


class DeviceModelGetBaseReport(Command, frozen=True, kw_only=True):
    """Have the station report its device model: ConfigurationInventory, FullInventory, SummaryInventory."""

    NAME = "device_model.get_base_report"
    report_base: Literal["ConfigurationInventory", "FullInventory", "SummaryInventory"] = "FullInventory"
    request_id: int | None = None


class DeviceModelGetReport(Command, frozen=True, kw_only=True):
    """Have the station report some components and variables (2.x ComponentVariableType, ComponentCriterion)."""

    NAME = "device_model.get_report"
    component_variables: tuple[dict[str, Any], ...] = ()
    component_criteria: tuple[Literal["Active", "Available", "Enabled", "Problem"], ...] = ()
    request_id: int | None = None


class AuthorizationClearCache(Command, frozen=True, kw_only=True):
    """Forget the cached verdicts on idTokens."""

    NAME = "authorization.clear_cache"


class ChargingProfileSet(Command, frozen=True, kw_only=True):
    """Install a charging profile (2.x ChargingProfileType) on an EVSE, or (0) on the station.

    A `transactionId` in the profile is the canonical one (`transaction.id` of its events).
    """

    NAME = "charging_profile.set"
    evse_id: EvseNumber
    charging_profile: dict[str, Any]


class ChargingProfileClear(Command, frozen=True, kw_only=True):
    """Remove one profile, or all that meet the criteria, or all."""

    NAME = "charging_profile.clear"
    charging_profile_id: int | None = None
    evse_id: EvseNumber | None = None
    purpose: ProfilePurpose | None = None
    stack_level: int | None = None


class ChargingProfileGetCompositeSchedule(Command, frozen=True, kw_only=True):
    """Ask for the schedule that results from all profiles; `charging_rate_unit` is A or W."""

    NAME = "charging_profile.get_composite_schedule"
    evse_id: EvseNumber
    duration_seconds: int
    charging_rate_unit: Literal["A", "W"] | None = None


class ReservationCreate(Command, frozen=True, kw_only=True):
    """Keep an EVSE, or (without `evse_id`) any, for `id_token` until `expires_at`."""

    NAME = "reservation.create"
    reservation_id: int
    expires_at: Moment
    id_token: IdToken
    evse_id: EvseNumber | None = None
    connector_type: str | None = None
    group_id_token: IdToken | None = None


class ReservationCancel(Command, frozen=True, kw_only=True):
    """End a reservation."""

    NAME = "reservation.cancel"
    reservation_id: int


class LocalListEntry(Value, frozen=True, kw_only=True):
    """A token of the local list; without a `status` it is removed (Differential)."""

    id_token: IdToken
    status: AuthorizationStatus | None = None
    cache_expiry: Moment | None = None
    group_id: IdToken | None = None


class LocalListSend(Command, frozen=True, kw_only=True):
    """Replace (Full) or change (Differential) the station's list of idTokens."""

    NAME = "local_list.send"
    version: int
    update_type: Literal["Full", "Differential"] = "Full"
    entries: tuple[LocalListEntry, ...] = ()


class LocalListGetVersion(Command, frozen=True, kw_only=True):
    """Ask for the version of the local list; 0 is none."""

    NAME = "local_list.get_version"


class FirmwareUpdate(Command, frozen=True, kw_only=True):
    """Fetch and install a firmware; with `signature` and `certificate` the signed way."""

    NAME = "firmware.update"
    location: str
    retrieve_at: Moment
    install_at: Moment | None = None
    signature: str | None = None
    certificate: str | None = None
    retries: int | None = None
    retry_interval_seconds: int | None = None
    request_id: int | None = None


class LogUpload(Command, frozen=True, kw_only=True):
    """Upload a log. `kind` is diagnostics, security or (2.1) data_collector."""

    NAME = "log.upload"
    location: str
    kind: Literal["diagnostics", "security", "data_collector"] = "diagnostics"
    oldest_at: Moment | None = None
    latest_at: Moment | None = None
    retries: int | None = None
    retry_interval_seconds: int | None = None
    request_id: int | None = None


class CertificateInstall(Command, frozen=True, kw_only=True):
    """Install a root certificate (PEM); `certificate_type` in 2.x words."""

    NAME = "certificate.install"
    certificate_type: RootCertificate
    certificate: str


class CertificateList(Command, frozen=True, kw_only=True):
    """Ask which root certificates are installed; without types, all."""

    NAME = "certificate.list"
    certificate_types: tuple[InstalledCertificate, ...] = ()


class CertificateHashData(Value, frozen=True, kw_only=True):
    """What names a certificate (OCSP)."""

    hash_algorithm: Literal["SHA256", "SHA384", "SHA512"]
    issuer_name_hash: str
    issuer_key_hash: str
    serial_number: str


class CertificateDelete(Command, frozen=True, kw_only=True):
    """Remove an installed certificate."""

    NAME = "certificate.delete"
    certificate_hash_data: CertificateHashData


class CertificateDeliverSigned(Command, frozen=True, kw_only=True):
    """Give the station the certificate it asked for (PEM chain)."""

    NAME = "certificate.deliver_signed"
    certificate_chain: str
    certificate_type: Literal["ChargingStationCertificate", "V2GCertificate", "V2G20Certificate"] | None = (
        None
    )
    request_id: int | None = None


class CostUpdate(Command, frozen=True, kw_only=True):
    """Show the driver the cost so far, in the currency of the station."""

    NAME = "cost.update"
    transaction_id: str
    total_cost: float


class DataTransferSend(Command, frozen=True, kw_only=True):
    """A vendor's own message; 1.6 takes `data` as text only."""

    NAME = "data_transfer.send"
    vendor_id: str
    message_id: str | None = None
    data: Any = None
