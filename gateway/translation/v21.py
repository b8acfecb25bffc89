"""OCPP 2.1: the rows of 2.0.1, and what is new or different in 2.1 (reference §1.1, §2.5, §2.11)."""

from gateway.translation import answers, v201, verdicts_2x
from gateway.translation.parts_2x import (
    evse_id,
    id_token,
    in_all,
    nested_custom_data,
    status_info,
    transaction_named,
)
from gateway.translation.readers import boolean, integer, mapping, one_of, same, text
from gateway.translation.table import Inbound, Reader, Table
from gateway.translation.transactions_2x import TRANSACTION_INFO, transaction_event
from gateway.translation.v201 import dated, passed

LONGEST_TOKEN = 255

CERTIFICATE_TYPES = same(*v201.CERTIFICATE_TYPES, "V2G20Certificate")
PRECONDITIONING_STATUSES = same("NotReady", "Preconditioning", "Ready", "Unknown")
OPERATION_MODES = same(
    *("CentralFrequency", "CentralSetpoint", "ChargingOnly", "ExternalLimits", "ExternalSetpoint", "Idle"),
    *("LocalFrequency", "LocalLoadBalancing"),
)


def more(action: str, fields: dict[str, Reader]) -> Inbound:
    """The row of 2.0.1 with further fields, or others in their place."""
    row = v201.TABLE[action]
    assert isinstance(row, Inbound)
    return row._replace(fields={**row.fields, **fields})


_request_id = {"request_id": integer("requestId")}
_status_info = {"status_info": status_info, "nested_custom_data": nested_custom_data("statusInfo")}

TABLE: Table = {
    **v201.TABLE,
    "Authorize": more(
        "Authorize",
        {"id_token": id_token(LONGEST_TOKEN, required=True), "certificate": text("certificate", 10_000)},
    )._replace(answer=verdicts_2x.authorization(LONGEST_TOKEN)),
    "BatterySwap": passed("BatterySwap", {"evse": in_all("batteryData", evse_id()), **_request_id}),
    "ClosePeriodicEventStream": passed("ClosePeriodicEventStream"),
    "FirmwareStatusNotification": more("FirmwareStatusNotification", _status_info),
    "GetCertificateChainStatus": passed("GetCertificateChainStatus", answer=answers.certificate_chain),
    "LogStatusNotification": more("LogStatusNotification", _status_info),
    "NotifyDERAlarm": passed("NotifyDERAlarm", dated()),
    "NotifyDERStartStop": passed("NotifyDERStartStop", dated()),
    "NotifyEVChargingNeeds": passed(
        "NotifyEVChargingNeeds",
        {"evse": evse_id(), **dated(required=False)},
        answers.unsupported("NoChargingProfile"),
    ),
    "NotifyPeriodicEventStream": passed("NotifyPeriodicEventStream", dated("basetime")),  # a SEND: unanswered
    "NotifyPriorityCharging": passed(
        "NotifyPriorityCharging", {"transaction": transaction_named("transactionId")}
    ),
    "NotifySettlement": passed(
        "NotifySettlement", {**dated("settlementTime"), "transaction": transaction_named("transactionId")}
    ),
    "OpenPeriodicEventStream": passed("OpenPeriodicEventStream", answer=answers.unsupported("Rejected")),
    "PullDynamicScheduleUpdate": passed("PullDynamicScheduleUpdate", answer=answers.unsupported("Rejected")),
    "ReportDERControl": passed("ReportDERControl", _request_id),
    "SignCertificate": more(
        "SignCertificate",
        {
            "certificate_type": one_of("certificateType", CERTIFICATE_TYPES),
            "hash_root_certificate": mapping("hashRootCertificate"),
            **_request_id,
        },
    ),
    "TransactionEvent": transaction_event(
        verdicts_2x.transaction(LONGEST_TOKEN),
        id_token(LONGEST_TOKEN),
        {
            **TRANSACTION_INFO,
            "operation_mode": one_of("operationMode", OPERATION_MODES),
            "tariff_id": text("tariffId", 60),
            "limit": mapping("transactionLimit"),
        },
        {
            "cost_details": mapping("costDetails"),
            "preconditioning_status": one_of("preconditioningStatus", PRECONDITIONING_STATUSES),
            "evse_sleep": boolean("evseSleep"),
        },
    ),
    "VatNumberValidation": passed(
        "VatNumberValidation", {"evse": evse_id(required=False)}, answers.vat_number
    ),
}
"""The rows by action."""
