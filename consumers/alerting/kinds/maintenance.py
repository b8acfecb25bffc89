"""Updates and uploads that failed."""

from collections.abc import Iterator
from typing import Final

from consumers.alerting.kinds.kind import Ended, Globs, Holds, Judged, Kind, Parameters, Verdict
from contract.events import FirmwareStatus, LogStatus
from contract.topics import STATIONS

DAY: Final = 86_400_000


class FirmwareFailed(Parameters, frozen=True, kw_only=True):
    """`statuses` are those that mean it (the station's words, 2.x)."""

    statuses: Globs = (
        "DownloadFailed",
        "InstallationFailed",
        "InstallVerificationFailed",
        "InvalidSignature",
        "RevokedCertificate",
    )


def _judge_firmware(judged: Judged) -> Iterator[Verdict]:
    event = judged.heard.event
    assert isinstance(event, FirmwareStatus)
    if event.status in judged.parameters.statuses:
        yield Holds("", judged.heard.at_ms, {"status": event.status})
    elif event.status != "Idle":  # a station that is asked again says Idle, and has not updated
        yield Ended("")


class UploadFailed(Parameters, frozen=True, kw_only=True):
    """`statuses` are those that mean it."""

    statuses: Globs = ("UploadFailure", "BadMessage", "PermissionDenied", "NotSupportedOperation")


def _judge_upload(judged: Judged) -> Iterator[Verdict]:
    event = judged.heard.event
    assert isinstance(event, LogStatus)
    if event.status in judged.parameters.statuses:
        yield Holds("", judged.heard.at_ms, {"status": event.status, "log": event.kind})
    elif event.status != "Idle":
        yield Ended("")


KINDS = (
    Kind(
        name="firmware_failed",
        about="A firmware update failed; resolved when another begins or one is installed.",
        parameters=FirmwareFailed,
        feed=STATIONS,
        hears=(FirmwareStatus,),
        judge=_judge_firmware,
        summary="The firmware update of {station} failed: {status}",
        says=("status",),
        resolve_after_ms=7 * DAY,
    ),
    Kind(
        name="log_upload_failed",
        about="The upload of diagnostics or of a log failed; resolved when another begins or succeeds.",
        parameters=UploadFailed,
        feed=STATIONS,
        hears=(LogStatus,),
        judge=_judge_upload,
        summary="{station} could not upload its {log}: {status}",
        says=("status", "log"),
        resolve_after_ms=DAY,
    ),
)
