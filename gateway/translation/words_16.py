"""The words of OCPP 1.6 in the canonical vocabulary, which is that of 2.x (reference §3)."""

from gateway.translation.readers import same

STATUSES = {
    "Available": "Available",
    "Preparing": "Occupied",
    "Charging": "Occupied",
    "SuspendedEVSE": "Occupied",
    "SuspendedEV": "Occupied",
    "Finishing": "Occupied",
    "Reserved": "Reserved",
    "Unavailable": "Unavailable",
    "Faulted": "Faulted",
}
"""§3.1; the 1.6 word stays beside it as the detail."""

NO_ERROR = "NoError"

ERROR_CODES = same(
    *("ConnectorLockFailure", "EVCommunicationError", "GroundFailure", "HighTemperature", "InternalError"),
    *("LocalListConflict", NO_ERROR, "OtherError", "OverCurrentFailure", "PowerMeterFailure"),
    *("PowerSwitchFailure", "ReaderFailure", "ResetFailure", "UnderVoltage", "OverVoltage", "WeakSignal"),
)

STOP_REASONS = {
    "EmergencyStop": "EmergencyStop",
    "EVDisconnected": "EVDisconnected",
    "HardReset": "ImmediateReset",
    "Local": "Local",
    "Other": "Other",
    "PowerLoss": "PowerLoss",
    "Reboot": "Reboot",
    "Remote": "Remote",
    "SoftReset": "ImmediateReset",
    "UnlockCommand": "Other",
    "DeAuthorized": "DeAuthorized",
}
"""§3.3."""

DEFAULT_STOP_REASON = "Local"
"""What an absent reason means (OCPP 1.6 §4.10), also where an idTag was sent."""

STOP_TRIGGERS = {
    "EmergencyStop": "AbnormalCondition",
    "EVDisconnected": "EVCommunicationLost",
    "HardReset": "ResetCommand",
    "Local": "StopAuthorized",
    "Other": "AbnormalCondition",
    "PowerLoss": "AbnormalCondition",
    "Reboot": "AbnormalCondition",
    "Remote": "RemoteStop",
    "SoftReset": "ResetCommand",
    "UnlockCommand": "UnlockCommand",
    "DeAuthorized": "Deauthorized",
}
"""The triggerReason that 2.x would give for a stop; 1.6 has none, so that it is always inferred."""

FIRMWARE_STATUSES = same(
    *("Downloaded", "DownloadFailed", "Downloading", "Idle", "InstallationFailed", "Installing", "Installed")
)

SIGNED_FIRMWARE_STATUSES = FIRMWARE_STATUSES | same(
    *("DownloadScheduled", "DownloadPaused", "InstallRebooting", "InstallScheduled"),
    *("InstallVerificationFailed", "InvalidSignature", "SignatureVerified"),
)

DIAGNOSTICS_STATUSES = same("Idle", "Uploaded", "Uploading") | {"UploadFailed": "UploadFailure"}

LOG_STATUSES = same(
    *("BadMessage", "Idle", "NotSupportedOperation", "PermissionDenied"),
    *("Uploaded", "UploadFailure", "Uploading"),
)

SECURITY_EVENTS = {
    "FailedToAuthenticateAtCentralSystem": "FailedToAuthenticateAtCsms",
    "CentralSystemFailedToAuthenticate": "CsmsFailedToAuthenticate",
    "InvalidCentralSystemCertificate": "InvalidCsmsCertificate",
    "InvalidChargePointCertificate": "InvalidChargingStationCertificate",
}
"""§3.10: the names that changed; the list is an open one, and all others are the same."""

VERDICTS = {
    "Accepted": "Accepted",
    "Blocked": "Blocked",
    "ConcurrentTx": "ConcurrentTx",
    "Expired": "Expired",
    "Invalid": "Invalid",
    "NoCredit": "Blocked",
    "NotAllowedTypeEVSE": "Blocked",
    "NotAtThisLocation": "Blocked",
    "NotAtThisTime": "Blocked",
    "Unknown": "Invalid",
}
"""§3.5: the ten verdicts in the five words of 1.6."""

TEMPORARY_VERDICTS = frozenset(("NoCredit", "NotAllowedTypeEVSE", "NotAtThisLocation", "NotAtThisTime"))
"""Refusals that 1.6 can only call Blocked, which a station's cache would keep for ever (§2.4)."""
