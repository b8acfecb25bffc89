"""The commands that only OCPP 2.x knows and that are passed down: the payload is the caller's own.

`payload` is the request of the action, to be written with its official schema, by which it is judged
before anything is sent.
"""

from typing import Any, ClassVar

import msgspec

from contract.commands import Command


class PassedDown(Command, frozen=True, kw_only=True):
    """A command by its OCPP payload."""

    ACTION: ClassVar[str]
    payload: dict[str, Any] = msgspec.field(default_factory=dict)


ACTIONS: dict[str, str] = {
    "AFRRSignal": "der.send_afrr_signal",
    "AdjustPeriodicEventStream": "event_stream.adjust",
    "ChangeTransactionTariff": "tariff.change_for_transaction",
    "ClearDERControl": "der.clear_control",
    "ClearDisplayMessage": "display_message.clear",
    "ClearTariffs": "tariff.clear",
    "ClearVariableMonitoring": "device_model.clear_monitors",
    "CustomerInformation": "customer_information.request",
    "GetChargingProfiles": "charging_profile.get",
    "GetDERControl": "der.get_control",
    "GetDisplayMessages": "display_message.get",
    "GetMonitoringReport": "device_model.get_monitors",
    "GetPeriodicEventStream": "event_stream.list",
    "GetTariffs": "tariff.list",
    "NotifyAllowedEnergyTransfer": "ev.notify_allowed_energy_transfer",
    "NotifyWebPaymentStarted": "payment.notify_web_started",
    "PublishFirmware": "firmware.publish",
    "RequestBatterySwap": "battery_swap.request",
    "SetDERControl": "der.set_control",
    "SetDefaultTariff": "tariff.set_default",
    "SetDisplayMessage": "display_message.set",
    "SetMonitoringBase": "device_model.set_monitoring_base",
    "SetMonitoringLevel": "device_model.set_monitoring_level",
    "SetNetworkProfile": "station.set_network_profile",
    "SetVariableMonitoring": "device_model.set_monitors",
    "UnpublishFirmware": "firmware.unpublish",
    "UpdateDynamicSchedule": "charging_profile.update_dynamic",
    "UsePriorityCharging": "charging_profile.use_priority",
}
"""The command's name, by the OCPP 2.x action that it is."""


def _passed_down(action: str, name: str) -> type[PassedDown]:
    named = {"NAME": name, "ACTION": action, "__doc__": f"{action} of OCPP 2.x, as it is."}
    kind = msgspec.defstruct(
        action, [], bases=(PassedDown,), namespace=named, module=__name__, frozen=True, kw_only=True
    )
    assert issubclass(kind, PassedDown)
    return kind


PASSED_DOWN: dict[str, type[PassedDown]] = {
    action: _passed_down(action, name) for action, name in ACTIONS.items()
}
"""The commands by the OCPP 2.x action that they are."""
