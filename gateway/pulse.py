"""Whether a silent station is still there: pings, with jitter, on the wheel that all connections share.

A half-open connection (a mobile network that forgot it) looks alive until something is sent; without pings
only the station's next connection would show that the old one is dead. The pings also keep a connection open
through proxies, which cut connections without traffic, most of them after 60 seconds. So the interval
counts from one ping to the next, however long the pong takes.
"""

import random
import time
from collections.abc import Callable

from gateway.limits import StationLimits
from gateway.transport import Transport
from service.wheel import Wheel


class Pulse:
    """Pings one connection when it has been silent; calls `dead` when no sign of life comes back in time.

    No connection is judged while `paused` is true: its pong may be there, behind requests that are not read yet.
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
            self._again(since=self._transport.heard_at)
            return
        self._pinged_at = time.monotonic()
        self._transport.ping()
        self._entry = self._wheel.after(self._limits.ping_timeout_seconds, self._check)

    def _check(self) -> None:
        if self._transport.heard_at >= self._pinged_at:
            self._again(since=self._pinged_at)
        elif self._paused():
            self._entry = self._wheel.after(self._limits.ping_timeout_seconds, self._check)
        else:
            self._dead()

    def _again(self, since: float) -> None:
        """The next beat, one interval after `since` (monotonic seconds)."""
        seconds = self._limits.ping_seconds * random.uniform(0.9, 1.0)  # noqa: S311 - jitter
        self._entry = self._wheel.after(max(0.0, since + seconds - time.monotonic()), self._beat)
