"""The facts that only OCPP 2.x knows and that are passed through: the payload as the station sent it.

Their envelope is like that of every other event (station, time, EVSE, transaction); `payload` is
verbatim, to be read with the official schema of the action in `protocol.action`.
"""

from typing import Any

from contract.events import Event
from contract.topics import SECURITY


class PassedThrough(Event, frozen=True, kw_only=True):
    """What they share; `request_id` is lifted out where the payload answers a request of the CSMS.

    `answered` is the payload that the station was answered with, where a backend decided it.
    """

    payload: Any
    request_id: int | None = None
    answered: dict[str, Any] | None = None


class BatterySwapReported(PassedThrough, frozen=True, kw_only=True):
    """A battery was put into or taken from a swap station."""

    NAME = "battery_swap.reported"


class ChargingLimitCleared(PassedThrough, frozen=True, kw_only=True):
    """An external limit no longer holds."""

    NAME = "charging_limit.cleared"


class EventStreamClosed(PassedThrough, frozen=True, kw_only=True):
    """A periodic event stream was closed."""

    NAME = "event_stream.closed"


class ChargingLimitChanged(PassedThrough, frozen=True, kw_only=True):
    """An external system limits the station."""

    NAME = "charging_limit.changed"


class CustomerInformationReported(PassedThrough, frozen=True, kw_only=True):
    """A part of a customer report."""

    NAME = "customer_information.reported"


class DerAlarm(PassedThrough, frozen=True, kw_only=True):
    """A grid event alarm of a distributed energy resource."""

    NAME = "der.alarm"


class DerControlChanged(PassedThrough, frozen=True, kw_only=True):
    """A grid control started or stopped."""

    NAME = "der.control_changed"


class DisplayMessageReported(PassedThrough, frozen=True, kw_only=True):
    """A part of a report of display messages."""

    NAME = "display_message.reported"


class EvChargingNeedsReported(PassedThrough, frozen=True, kw_only=True):
    """What an EV says it needs (ISO 15118)."""

    NAME = "ev.charging_needs_reported"


class EvChargingScheduleReported(PassedThrough, frozen=True, kw_only=True):
    """The schedule an EV chose."""

    NAME = "ev.charging_schedule_reported"


class MonitorsReported(PassedThrough, frozen=True, kw_only=True):
    """A part of a report of monitors."""

    NAME = "device_model.monitors_reported"


class EventStreamData(PassedThrough, frozen=True, kw_only=True):
    """Values of a periodic event stream (SEND)."""

    NAME = "event_stream.data"


class PriorityChargingChanged(PassedThrough, frozen=True, kw_only=True):
    """Priority charging began or ended."""

    NAME = "charging_profile.priority_changed"


class PaymentSettled(PassedThrough, frozen=True, kw_only=True):
    """A direct payment was settled."""

    NAME = "payment.settled"


class EventStreamOpened(PassedThrough, frozen=True, kw_only=True):
    """The station wants to open an event stream."""

    NAME = "event_stream.opened"


class FirmwarePublishStatus(PassedThrough, frozen=True, kw_only=True):
    """How publishing a firmware goes."""

    NAME = "firmware.publish_status"


class ChargingProfileReported(PassedThrough, frozen=True, kw_only=True):
    """A part of a report of charging profiles."""

    NAME = "charging_profile.reported"


class DerControlReported(PassedThrough, frozen=True, kw_only=True):
    """A part of a report of grid controls."""

    NAME = "der.control_reported"


class VatValidationRequested(PassedThrough, frozen=True, kw_only=True):
    """A VAT number is to be checked."""

    NAME = "payment.vat_validation_requested"


class EvCertificateRequested(PassedThrough, frozen=True, kw_only=True):
    """An EV asks for a contract certificate."""

    NAME = "certificate.ev_requested"
    TOPIC = SECURITY


class CertificateChainStatusRequested(PassedThrough, frozen=True, kw_only=True):
    """The revocation states of a chain are asked for."""

    NAME = "certificate.chain_status_requested"
    TOPIC = SECURITY


class CertificateStatusRequested(PassedThrough, frozen=True, kw_only=True):
    """The revocation state of a certificate is asked for."""

    NAME = "certificate.status_requested"
    TOPIC = SECURITY


class ScheduleUpdateRequested(PassedThrough, frozen=True, kw_only=True):
    """A dynamic schedule is asked for."""

    NAME = "charging_profile.update_requested"


PASSED_THROUGH: dict[str, type[PassedThrough]] = {
    "BatterySwap": BatterySwapReported,
    "ClearedChargingLimit": ChargingLimitCleared,
    "ClosePeriodicEventStream": EventStreamClosed,
    "NotifyChargingLimit": ChargingLimitChanged,
    "NotifyCustomerInformation": CustomerInformationReported,
    "NotifyDERAlarm": DerAlarm,
    "NotifyDERStartStop": DerControlChanged,
    "NotifyDisplayMessages": DisplayMessageReported,
    "NotifyEVChargingNeeds": EvChargingNeedsReported,
    "NotifyEVChargingSchedule": EvChargingScheduleReported,
    "NotifyMonitoringReport": MonitorsReported,
    "NotifyPeriodicEventStream": EventStreamData,
    "NotifyPriorityCharging": PriorityChargingChanged,
    "NotifySettlement": PaymentSettled,
    "OpenPeriodicEventStream": EventStreamOpened,
    "PublishFirmwareStatusNotification": FirmwarePublishStatus,
    "ReportChargingProfiles": ChargingProfileReported,
    "ReportDERControl": DerControlReported,
    "VatNumberValidation": VatValidationRequested,
    "Get15118EVCertificate": EvCertificateRequested,
    "GetCertificateChainStatus": CertificateChainStatusRequested,
    "GetCertificateStatus": CertificateStatusRequested,
    "PullDynamicScheduleUpdate": ScheduleUpdateRequested,
}
"""The facts by the OCPP 2.x action that says them."""
