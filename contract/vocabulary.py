"""Every fact by its name: what a reader of the topics may meet."""

from contract import events
from contract.events import Event
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
    *PASSED_THROUGH.values(),
)

EVENTS: dict[str, type[Event]] = {fact.NAME: fact for fact in _FACTS}
"""The class of each event, by the name that follows `ocpp.` in its CloudEvents type."""
