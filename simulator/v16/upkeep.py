"""How a 1.6 station answers firmware updates and log uploads, plain and of the security extension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator.dialogue import Answer

if TYPE_CHECKING:
    from simulator.facts import Payload
    from simulator.station import Station


def update_firmware(station: Station, payload: Payload) -> Answer:
    _ = payload["location"], payload["retrieveDate"]  # required: without them the command is malformed
    return Answer({}, lambda: station.controls.update_firmware(None, signed=False))


def signed_update_firmware(station: Station, payload: Payload) -> Answer:
    request_id = payload["requestId"]
    return Answer({"status": "Accepted"}, lambda: station.controls.update_firmware(request_id, signed=True))


def get_diagnostics(station: Station, payload: Payload) -> Answer:
    _ = payload["location"]
    return Answer({"fileName": _file_of(station)}, lambda: station.controls.upload_log(None))


def get_log(station: Station, payload: Payload) -> Answer:
    request_id = payload["requestId"]
    answer = {"status": "Accepted", "filename": _file_of(station)}
    return Answer(answer, lambda: station.controls.upload_log(request_id))


def _file_of(station: Station) -> str:
    return f"{station.config.id}.log"
