"""The commands that only OCPP 2.x knows and that are passed down: the payload is the caller's own.

It is the request of the command's `ACTION`, to be written with the official schema of the station's
version, by which it is judged before anything is sent. Ids in it are the station's own: a transaction is
what `transaction.native` of its events says. A `requestId` that the schema asks for may be left out.
"""

from typing import Any, ClassVar

import msgspec

from contract.commands import SINCE_21, SINCE_201, Command, Versions


class PassedDown(Command, frozen=True, kw_only=True):
    """A command by its OCPP `payload`, the request of its action."""

    VERSIONS: ClassVar[Versions] = SINCE_201
    ACTION: ClassVar[str]
    payload: dict[str, Any] = msgspec.field(default_factory=dict)


class BatterySwapRequest(PassedDown, frozen=True, kw_only=True):
    """Let a driver swap batteries. `payload` is that of RequestBatterySwap."""

    NAME = "battery_swap.request"
    VERSIONS = SINCE_21
    ACTION = "RequestBatterySwap"


class ChargingProfileGet(PassedDown, frozen=True, kw_only=True):
    """Have the station report its charging profiles. `payload` is that of GetChargingProfiles."""

    NAME = "charging_profile.get"
    ACTION = "GetChargingProfiles"


class ChargingProfileUpdateDynamic(PassedDown, frozen=True, kw_only=True):
    """Give a dynamic charging profile its new limits. `payload` is that of UpdateDynamicSchedule."""

    NAME = "charging_profile.update_dynamic"
    VERSIONS = SINCE_21
    ACTION = "UpdateDynamicSchedule"


class ChargingProfileUsePriority(PassedDown, frozen=True, kw_only=True):
    """Begin or end priority charging. `payload` is that of UsePriorityCharging."""

    NAME = "charging_profile.use_priority"
    VERSIONS = SINCE_21
    ACTION = "UsePriorityCharging"


class CustomerInformationRequest(PassedDown, frozen=True, kw_only=True):
    """Have the station report or forget what it knows of a customer. `payload` is that of CustomerInformation."""

    NAME = "customer_information.request"
    ACTION = "CustomerInformation"


class DerClearControl(PassedDown, frozen=True, kw_only=True):
    """Remove grid controls of a distributed energy resource. `payload` is that of ClearDERControl."""

    NAME = "der.clear_control"
    VERSIONS = SINCE_21
    ACTION = "ClearDERControl"


class DerGetControl(PassedDown, frozen=True, kw_only=True):
    """Have the station report its grid controls. `payload` is that of GetDERControl."""

    NAME = "der.get_control"
    VERSIONS = SINCE_21
    ACTION = "GetDERControl"


class DerSendAfrrSignal(PassedDown, frozen=True, kw_only=True):
    """Tell the station the grid's signal for automatic frequency restoration. `payload` is that of AFRRSignal."""

    NAME = "der.send_afrr_signal"
    VERSIONS = SINCE_21
    ACTION = "AFRRSignal"


class DerSetControl(PassedDown, frozen=True, kw_only=True):
    """Set a grid control of a distributed energy resource. `payload` is that of SetDERControl."""

    NAME = "der.set_control"
    VERSIONS = SINCE_21
    ACTION = "SetDERControl"


class DeviceModelClearMonitors(PassedDown, frozen=True, kw_only=True):
    """Remove monitors. `payload` is that of ClearVariableMonitoring."""

    NAME = "device_model.clear_monitors"
    ACTION = "ClearVariableMonitoring"


class DeviceModelGetMonitors(PassedDown, frozen=True, kw_only=True):
    """Have the station report its monitors. `payload` is that of GetMonitoringReport."""

    NAME = "device_model.get_monitors"
    ACTION = "GetMonitoringReport"


class DeviceModelSetMonitoringBase(PassedDown, frozen=True, kw_only=True):
    """Choose the set of monitors that is active. `payload` is that of SetMonitoringBase."""

    NAME = "device_model.set_monitoring_base"
    ACTION = "SetMonitoringBase"


class DeviceModelSetMonitoringLevel(PassedDown, frozen=True, kw_only=True):
    """Choose how severe an event must be to be reported. `payload` is that of SetMonitoringLevel."""

    NAME = "device_model.set_monitoring_level"
    ACTION = "SetMonitoringLevel"


class DeviceModelSetMonitors(PassedDown, frozen=True, kw_only=True):
    """Set monitors on variables. `payload` is that of SetVariableMonitoring."""

    NAME = "device_model.set_monitors"
    ACTION = "SetVariableMonitoring"


class DisplayMessageClear(PassedDown, frozen=True, kw_only=True):
    """Remove a message from the display. `payload` is that of ClearDisplayMessage."""

    NAME = "display_message.clear"
    ACTION = "ClearDisplayMessage"


class DisplayMessageGet(PassedDown, frozen=True, kw_only=True):
    """Have the station report its display messages. `payload` is that of GetDisplayMessages."""

    NAME = "display_message.get"
    ACTION = "GetDisplayMessages"


class DisplayMessageSet(PassedDown, frozen=True, kw_only=True):
    """Put a message on the display. `payload` is that of SetDisplayMessage."""

    NAME = "display_message.set"
    ACTION = "SetDisplayMessage"


class EvNotifyAllowedEnergyTransfer(PassedDown, frozen=True, kw_only=True):
    """Say which ways of energy transfer an EV may use. `payload` is that of NotifyAllowedEnergyTransfer."""

    NAME = "ev.notify_allowed_energy_transfer"
    VERSIONS = SINCE_21
    ACTION = "NotifyAllowedEnergyTransfer"


class EventStreamAdjust(PassedDown, frozen=True, kw_only=True):
    """Change how often a periodic event stream is sent. `payload` is that of AdjustPeriodicEventStream."""

    NAME = "event_stream.adjust"
    VERSIONS = SINCE_21
    ACTION = "AdjustPeriodicEventStream"


class EventStreamList(PassedDown, frozen=True, kw_only=True):
    """Ask which periodic event streams are open. `payload` is that of GetPeriodicEventStream."""

    NAME = "event_stream.list"
    VERSIONS = SINCE_21
    ACTION = "GetPeriodicEventStream"


class FirmwarePublish(PassedDown, frozen=True, kw_only=True):
    """Have a local controller fetch a firmware and offer it to its stations. `payload` is that of PublishFirmware."""

    NAME = "firmware.publish"
    ACTION = "PublishFirmware"


class FirmwareUnpublish(PassedDown, frozen=True, kw_only=True):
    """Have a local controller offer a firmware no longer. `payload` is that of UnpublishFirmware."""

    NAME = "firmware.unpublish"
    ACTION = "UnpublishFirmware"


class PaymentNotifyWebStarted(PassedDown, frozen=True, kw_only=True):
    """Say that a driver is paying on the web, so that the EVSE waits. `payload` is that of NotifyWebPaymentStarted."""

    NAME = "payment.notify_web_started"
    VERSIONS = SINCE_21
    ACTION = "NotifyWebPaymentStarted"


class StationSetNetworkProfile(PassedDown, frozen=True, kw_only=True):
    """Write a slot of the station's ways to connect. `payload` is that of SetNetworkProfile."""

    NAME = "station.set_network_profile"
    ACTION = "SetNetworkProfile"


class TariffChangeForTransaction(PassedDown, frozen=True, kw_only=True):
    """Change the tariff of a running transaction. `payload` is that of ChangeTransactionTariff."""

    NAME = "tariff.change_for_transaction"
    VERSIONS = SINCE_21
    ACTION = "ChangeTransactionTariff"


class TariffClear(PassedDown, frozen=True, kw_only=True):
    """Remove tariffs. `payload` is that of ClearTariffs."""

    NAME = "tariff.clear"
    VERSIONS = SINCE_21
    ACTION = "ClearTariffs"


class TariffList(PassedDown, frozen=True, kw_only=True):
    """Ask which tariffs are installed. `payload` is that of GetTariffs."""

    NAME = "tariff.list"
    VERSIONS = SINCE_21
    ACTION = "GetTariffs"


class TariffSetDefault(PassedDown, frozen=True, kw_only=True):
    """Set the tariff of drivers who have none of their own. `payload` is that of SetDefaultTariff."""

    NAME = "tariff.set_default"
    VERSIONS = SINCE_21
    ACTION = "SetDefaultTariff"


PASSED_DOWN: dict[str, type[PassedDown]] = {kind.ACTION: kind for kind in PassedDown.__subclasses__()}
"""The commands by the OCPP 2.x action that they are."""
