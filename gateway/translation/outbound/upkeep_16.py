"""Commands to OCPP 1.6 stations that concern firmware, logs and certificates (reference §2.7, §2.8).

The security extension has better forms of two of them. Whether a station has it is found out by asking:
one that has not is asked again the plain way.
"""

from typing import Any

from contract.commands import (
    CertificateDelete,
    CertificateDeliverSigned,
    CertificateInstall,
    CertificateList,
    FirmwareUpdate,
    LogUpload,
)
from contract.results import Answer, Loss
from gateway.translation.outbound import replies_16 as replies
from gateway.translation.outbound.plan import (
    Ask,
    Declined,
    Outbound,
    Outcome,
    Payload,
    Plan,
    Said,
    Target,
    Unsupported,
    dropped,
    is_unable,
    refused,
)
from gateway.translation.outbound.replies_16 import one_call, understood
from gateway.translation.outbound.writing import in_utc, present

# Firmware


def _update(command: FirmwareUpdate, target: Target) -> Plan:
    request_id = target.request_id if command.request_id is None else command.request_id
    retry = present(retries=command.retries, retryInterval=command.retry_interval_seconds)
    is_signed = command.signature is not None and command.certificate is not None
    if is_signed and "SignedUpdateFirmware" not in target.declined:
        firmware = present(
            location=command.location,
            retrieveDateTime=in_utc(command.retrieve_at),
            installDateTime=in_utc(command.install_at),
            signingCertificate=command.certificate,
            signature=command.signature,
        )
        reply = yield Ask("SignedUpdateFirmware", {"requestId": request_id, "firmware": firmware, **retry})
        if not is_unable(reply):
            return understood(reply, replies.FIRMWARE, request_id=request_id)
    plain = {"location": command.location, "retrieveDate": in_utc(command.retrieve_at), **retry}
    loss = dropped(
        {
            "/installAt": in_utc(command.install_at),
            "/signature": command.signature,
            "/certificate": command.certificate,
            "/requestId": command.request_id,
        }
    )
    reply = yield Ask("UpdateFirmware", plain)
    if isinstance(reply, Declined):
        return refused(reply, loss)
    # An empty answer: the station will see to it.
    return Outcome(status="accepted", answer=Answer(status="Accepted", request_id=request_id), loss=loss)


# Logs

_LOG_TYPES = {"diagnostics": "DiagnosticsLog", "security": "SecurityLog"}


def _upload(command: LogUpload, target: Target) -> Plan:
    log_type = _LOG_TYPES.get(command.kind)
    if log_type is None:
        raise Unsupported(f"OCPP 1.6 has no log of the kind {command.kind}")
    has_plain_form = command.kind == "diagnostics"
    request_id = target.request_id if command.request_id is None else command.request_id
    oldest, latest = in_utc(command.oldest_at), in_utc(command.latest_at)
    retry = present(retries=command.retries, retryInterval=command.retry_interval_seconds)
    if not (has_plain_form and "GetLog" in target.declined):
        log = present(remoteLocation=command.location, oldestTimestamp=oldest, latestTimestamp=latest)
        reply = yield Ask("GetLog", {"logType": log_type, "requestId": request_id, "log": log, **retry})
        if not (has_plain_form and is_unable(reply)):
            name = _file_name(reply, "filename")
            return understood(reply, replies.LOG, file_name=name, request_id=request_id)
    plain = present(location=command.location, startTime=oldest, stopTime=latest, **retry)
    reply = yield Ask("GetDiagnostics", plain)
    loss = dropped({"/requestId": command.request_id})
    if isinstance(reply, Declined):
        return refused(reply, loss)
    name = _file_name(reply, "fileName")
    if name is None:
        why = "the station has nothing to upload"  # OCPP 1.6 §4.4: the answer then names no file
        return Outcome(status="rejected", answer=Answer(status="Rejected"), loss=loss, why=why)
    answer = Answer(status="Accepted", file_name=name, request_id=request_id)
    return Outcome(status="accepted", answer=answer, loss=loss)


def _file_name(reply: Said | Declined, field: str) -> str | None:
    name = reply.payload.get(field) if isinstance(reply, Said) else None
    return name if type(name) is str and name else None


# Certificates

ROOTS = {
    "CSMSRootCertificate": "CentralSystemRootCertificate",
    "ManufacturerRootCertificate": "ManufacturerRootCertificate",
}
"""The root certificates that 1.6 knows; those of ISO 15118 it does not."""


def _install(command: CertificateInstall, _target: Target) -> Plan:
    root = ROOTS.get(command.certificate_type)
    if root is None:
        raise Unsupported(f"OCPP 1.6 has no {command.certificate_type}")
    payload = {"certificateType": root, "certificate": command.certificate}
    return one_call("InstallCertificate", payload, replies.CERTIFICATE)


def _list(command: CertificateList, _target: Target) -> Plan:
    asked: tuple[str, ...] = tuple(dict.fromkeys(command.certificate_types)) or tuple(ROOTS)
    known = [kind for kind in asked if kind in ROOTS]
    if not known:
        raise Unsupported(f"OCPP 1.6 has no {', '.join(asked)}")
    loss = tuple(
        Loss(path=f"/certificateTypes/{number}", code="enum_unmapped", was=kind)
        for number, kind in enumerate(command.certificate_types)
        if kind not in ROOTS
    )
    statuses: set[str] = set()
    certificates: list[dict[str, Any]] = []
    for kind in known:  # one type a CALL
        reply = yield Ask("GetInstalledCertificateIds", {"certificateType": ROOTS[kind]})
        if isinstance(reply, Declined):
            return refused(reply, loss)
        status = replies.status_of(reply.payload, replies.CERTIFICATES)
        if status is None:
            return replies.unreadable(reply.payload, loss)
        statuses.add(status.meaning.status)
        certificates += [
            {"certificateType": kind, "certificateHashData": data} for data in _hash_data(reply.payload)
        ]
    merged = "Accepted" if "Accepted" in statuses else "NotFound"
    answer = Answer(status=merged, certificates=tuple(certificates))
    return Outcome(status="accepted", answer=answer, loss=loss)


def _hash_data(payload: Payload) -> list[Any]:
    data = payload.get("certificateHashData", [])
    return data if type(data) is list else [data]


def _delete(command: CertificateDelete, _target: Target) -> Plan:
    data = command.certificate_hash_data
    named = {
        "hashAlgorithm": data.hash_algorithm,
        "issuerNameHash": data.issuer_name_hash,
        "issuerKeyHash": data.issuer_key_hash,
        "serialNumber": data.serial_number,
    }
    return one_call("DeleteCertificate", {"certificateHashData": named}, replies.DELETED_CERTIFICATE)


def _deliver(command: CertificateDeliverSigned, _target: Target) -> Plan:
    if command.certificate_type not in (None, "ChargingStationCertificate"):
        raise Unsupported(f"OCPP 1.6 has no {command.certificate_type}")
    loss = dropped({"/requestId": command.request_id})
    return one_call("CertificateSigned", {"certificateChain": command.certificate_chain}, loss=loss)


COMMANDS: Outbound = {
    CertificateDelete: _delete,
    CertificateDeliverSigned: _deliver,
    CertificateInstall: _install,
    CertificateList: _list,
    FirmwareUpdate: _update,
    LogUpload: _upload,
}
"""The plans by command."""
