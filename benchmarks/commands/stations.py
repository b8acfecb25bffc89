"""A station of the load that does what it is asked, and says when it was asked."""

import time
from collections.abc import Callable
from typing import Any

from benchmarks import frames
from benchmarks.load import station_id
from benchmarks.messages import Script
from benchmarks.stations import Station, Tally

Reached = Callable[[str, str, float], None]
"""Told of a command's id, the station's, and when its CALL came (`time.monotonic`)."""


class CommandedStation(Station):
    """Accepts each RemoteStartTransaction; the command's id is the idTag, so that it can be followed."""

    __slots__ = ("_reached",)

    def __init__(
        self,
        reached: Reached,
        serial: int,
        script: Script,
        tally: Tally,
        times: list[bytes],
        *,
        echoed: bool,
    ) -> None:
        super().__init__(serial, script, tally, times, echoed=echoed)
        self._reached = reached

    def called(self, message_id: str, action: str, payload: Any) -> None:
        if action != "RemoteStartTransaction":
            super().called(message_id, action, payload)
            return
        self._reached(payload["idTag"], station_id(self.serial), time.monotonic())
        self.transport.write(frames.masked(b'[3,"%b",{"status":"Accepted"}]' % message_id.encode()))
