"""Every fact and every command by its name: what a reader of the topics may meet, and what a writer may ask."""

from contract import commands, events, results
from contract.commands import Command
from contract.events import Event
from contract.passed_down import PASSED_DOWN
from contract.passed_through import PASSED_THROUGH

_FACTS: tuple[type[Event], ...] = (
    events.StationConnected,
    events.StationDisconnected,
    events.FrameRejected,
    events.UnknownAction,
    events.StationBooted,
    events.StationHeartbeat,
    events.ConnectorStatusChanged,
    events.AuthorizationRequested,
    events.TransactionStarted,
    events.TransactionUpdated,
    events.TransactionEnded,
    events.MeterSampled,
    events.DataTransferReceived,
    events.FirmwareStatus,
    events.LogStatus,
    events.DeviceModelEvent,
    events.DeviceModelReported,
    events.ReservationUpdated,
    events.SecurityEvent,
    events.CertificateSigningRequested,
    results.CommandCompleted,
    results.CommandLateResult,
    *PASSED_THROUGH.values(),
)

EVENTS: dict[str, type[Event]] = {fact.NAME: fact for fact in _FACTS}
"""The class of each event, by the name that follows `ocpp.` in its CloudEvents type."""

_COMMANDS: tuple[type[Command], ...] = (
    commands.TransactionStart,
    commands.TransactionStop,
    commands.TransactionGetStatus,
    commands.StationReset,
    commands.StationTriggerMessage,
    commands.ConnectorUnlock,
    commands.AvailabilityChange,
    commands.VariablesGet,
    commands.VariablesSet,
    commands.DeviceModelGetBaseReport,
    commands.DeviceModelGetReport,
    commands.AuthorizationClearCache,
    commands.ChargingProfileSet,
    commands.ChargingProfileClear,
    commands.ChargingProfileGetCompositeSchedule,
    commands.ReservationCreate,
    commands.ReservationCancel,
    commands.LocalListSend,
    commands.LocalListGetVersion,
    commands.FirmwareUpdate,
    commands.LogUpload,
    commands.CertificateInstall,
    commands.CertificateList,
    commands.CertificateDelete,
    commands.CertificateDeliverSigned,
    commands.CostUpdate,
    commands.DataTransferSend,
    *PASSED_DOWN.values(),
)

COMMANDS: dict[str, type[Command]] = {command.NAME: command for command in _COMMANDS}
"""The class of a command's arguments, by the command's name."""
