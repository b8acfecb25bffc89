"""Whether a silent station is still there: pings, with jitter, on the wheel that all connections share.

A half-open connection (a mobile network that forgot it) looks alive until something is sent; without
this the station's next connection would be the first to tell.
"""

import random
import time
from collections.abc import Callable

from gateway.limits import StationLimits
from gateway.transport import Transport
from service.wheel import Wheel


class Pulse:
    """Pings one connection when it has been silent; calls `dead` when no sign of life comes back in time.

    While `paused` says so nothing is judged: the pong may be there, behind requests that wait for the log.
    """

    __slots__ = ("_dead", "_entry", "_limits", "_paused", "_pinged_at", "_transport", "_wheel")

    def __init__(
        self,
        transport: Transport,
        limits: StationLimits,
        wheel: Wheel,
        *,
        paused: Callable[[], bool],
        dead: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._limits = limits
        self._wheel = wheel
        self._paused = paused
        self._dead = dead
        self._pinged_at = 0.0
        # The first ping comes anywhere in the interval: stations that came together are spread.
        self._entry = wheel.after(limits.ping_seconds * random.uniform(0.1, 1.0), self._beat)  # noqa: S311 - jitter

    def stop(self) -> None:
        self._entry.cancel()

    def _beat(self) -> None:
        silent = time.monotonic() - self._transport.heard_at
        if silent < self._limits.ping_seconds / 2:  # a busy connection needs no ping
            self._again(self._limits.ping_seconds - silent)
            return
        self._pinged_at = time.monotonic()
        self._transport.ping()
        self._entry = self._wheel.after(self._limits.ping_timeout_seconds, self._check)

    def _check(self) -> None:
        if self._transport.heard_at >= self._pinged_at:
            self._again(self._limits.ping_seconds)
        elif self._paused():
            self._entry = self._wheel.after(self._limits.ping_timeout_seconds, self._check)
        else:
            self._dead()

    def _again(self, seconds: float) -> None:
        self._entry = self._wheel.after(seconds * random.uniform(0.9, 1.0), self._beat)  # noqa: S311 - jitter
