"""OCPP 2.x commands about the station itself: resets, reports, firmware, logs, certificates, vendors' own."""

from collections.abc import Mapping

from contract import commands as ask
from contract.commands import Command
from gateway.translation.outbound.exchange_2x import Fields, Row, by_status, member, objects
from gateway.translation.outbound.plan import Payload
from gateway.translation.outbound.writing import Writing, evse_type, in_utc, present

LOGS = {"diagnostics": "DiagnosticsLog", "security": "SecurityLog", "data_collector": "DataCollectorLog"}


def _request_id(
    command: ask.DeviceModelGetBaseReport | ask.DeviceModelGetReport | ask.FirmwareUpdate | ask.LogUpload,
    writing: Writing,
) -> int:
    """Made from the command's id where it has none, so that the reports that follow are told apart."""
    return writing.target.request_id if command.request_id is None else command.request_id


def _reset(command: ask.StationReset, writing: Writing) -> Payload:
    return present(type=writing.word(command.type), evseId=writing.evse_id(command.evse))


def _trigger(command: ask.StationTriggerMessage, writing: Writing) -> Payload:
    return present(
        requestedMessage=writing.word(command.requested_message),
        evse=evse_type(command.evse),
        customTrigger=writing.since_21("/customTrigger", command.custom_trigger),
    )


def _get_base_report(command: ask.DeviceModelGetBaseReport, writing: Writing) -> Payload:
    return {"requestId": _request_id(command, writing), "reportBase": command.report_base}


def _get_report(command: ask.DeviceModelGetReport, writing: Writing) -> Payload:
    return present(
        requestId=_request_id(command, writing),
        componentVariable=list(command.component_variables) or None,
        componentCriteria=list(command.component_criteria) or None,
    )


def _update_firmware(command: ask.FirmwareUpdate, writing: Writing) -> Payload:
    firmware = present(
        location=writing.fitting("/location", command.location, writing.room.location_length),
        retrieveDateTime=in_utc(command.retrieve_at),
        installDateTime=in_utc(command.install_at),
        signingCertificate=command.certificate,
        signature=command.signature,
    )
    return present(
        requestId=_request_id(command, writing),
        firmware=firmware,
        retries=command.retries,
        retryInterval=command.retry_interval_seconds,
    )


def _upload_log(command: ask.LogUpload, writing: Writing) -> Payload:
    log = present(
        remoteLocation=writing.fitting("/location", command.location, writing.room.location_length),
        oldestTimestamp=in_utc(command.oldest_at),
        latestTimestamp=in_utc(command.latest_at),
    )
    return present(
        logType=writing.word(LOGS.get(command.kind, command.kind)),
        requestId=_request_id(command, writing),
        log=log,
        retries=command.retries,
        retryInterval=command.retry_interval_seconds,
    )


def _file_name(answer: Payload, _writing: Writing) -> Fields:
    return {"file_name": member(answer, "filename", str)}


def _install_certificate(command: ask.CertificateInstall, writing: Writing) -> Payload:
    longest = writing.room.certificate_length
    return {
        "certificateType": writing.word(command.certificate_type),
        "certificate": writing.fitting("/certificate", command.certificate, longest),
    }


def _list_certificates(command: ask.CertificateList, writing: Writing) -> Payload:
    return present(certificateType=[writing.word(kind) for kind in command.certificate_types] or None)


def _certificates(answer: Payload, _writing: Writing) -> Fields:
    return {"certificates": tuple(objects(answer, "certificateHashDataChain"))}


def _delete_certificate(command: ask.CertificateDelete, _writing: Writing) -> Payload:
    named = command.certificate_hash_data
    return {
        "certificateHashData": {
            "hashAlgorithm": named.hash_algorithm,
            "issuerNameHash": named.issuer_name_hash,
            "issuerKeyHash": named.issuer_key_hash,
            "serialNumber": named.serial_number,
        }
    }


def _deliver_certificate(command: ask.CertificateDeliverSigned, writing: Writing) -> Payload:
    kind = command.certificate_type
    return present(
        certificateChain=command.certificate_chain,
        certificateType=None if kind is None else writing.word(kind),
        requestId=writing.since_21("/requestId", command.request_id),
    )


def _transfer(command: ask.DataTransferSend, _writing: Writing) -> Payload:
    return present(vendorId=command.vendor_id, messageId=command.message_id, data=command.data)


def _transferred(answer: Payload, _writing: Writing) -> Fields:
    return {"data": answer.get("data")}


_REPORTED = by_status("EmptyResultSet")

ROWS: Mapping[type[Command], Row] = {
    ask.StationReset: Row("Reset", _reset),
    ask.StationTriggerMessage: Row("TriggerMessage", _trigger),
    ask.DeviceModelGetBaseReport: Row("GetBaseReport", _get_base_report, verdict=_REPORTED),
    ask.DeviceModelGetReport: Row("GetReport", _get_report, verdict=_REPORTED),
    ask.FirmwareUpdate: Row("UpdateFirmware", _update_firmware),
    ask.LogUpload: Row("GetLog", _upload_log, _file_name),
    ask.CertificateInstall: Row("InstallCertificate", _install_certificate),
    ask.CertificateList: Row(
        "GetInstalledCertificateIds", _list_certificates, _certificates, by_status("NotFound")
    ),
    ask.CertificateDelete: Row("DeleteCertificate", _delete_certificate),
    ask.CertificateDeliverSigned: Row("CertificateSigned", _deliver_certificate),
    ask.DataTransferSend: Row("DataTransfer", _transfer, _transferred),
}
"""How each of them is said."""
