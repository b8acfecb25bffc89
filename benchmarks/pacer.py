"""A clock that ticks thousands of times a second, and says how many ticks have passed.

The timers of event loops are exact to a millisecond; Linux's timerfd to some microseconds. Python has
it from 3.13 on; until then libc is asked directly.
"""

import asyncio
import ctypes
import itertools
import os
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("interval", _Timespec), ("first", _Timespec))


class Pacer:
    """Ticks `rate` times a second from `started` on, which is in terms of `time.monotonic`.

    Its file descriptor is readable when a tick is due; `ticks` then takes what has passed.
    """

    def __init__(self, rate: float) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._fd: int = self._libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._fd < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create")
        period = _Timespec(int(1 / rate), int(1e9 / rate) % 1_000_000_000)
        if self._libc.timerfd_settime(self._fd, 0, ctypes.byref(_Itimerspec(period, period)), None):
            raise OSError(ctypes.get_errno(), "timerfd_settime")
        self.started = time.monotonic()

    def fileno(self) -> int:
        return self._fd

    def ticks(self) -> int:
        """How many ticks have passed since this was last asked."""
        try:
            return int.from_bytes(os.read(self._fd, 8), "little")
        except BlockingIOError:
            return 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._fd)


async def pace(per_second: float, seconds: float, due: Callable[[float], None]) -> None:
    """The open loop: call `due` with each instant (of `time.monotonic`) when something is to be done.

    The instants are fixed beforehand; one that has passed while nobody could look is given late, as it was.
    """
    loop, finished = asyncio.get_running_loop(), asyncio.Event()
    with Pacer(per_second) as pacer:
        instants = (pacer.started + number / per_second for number in itertools.count(1))

        def tick() -> None:
            for when in itertools.islice(instants, pacer.ticks()):
                due(when)
            if time.monotonic() - pacer.started >= seconds:
                finished.set()

        loop.add_reader(pacer, tick)
        try:
            await finished.wait()
        finally:
            loop.remove_reader(pacer)
