"""What goes wrong in a demo: now and then the line of a station is cut for a while, as a street's router is.

The stations know nothing of it: they find their connection gone, and dial in vain until the line is back.
"""

import asyncio
import random

from simulator.settings import StationConfig
from simulator.wire import Dial, Wire


class Mishaps:
    """Dials for a fleet, and cuts lines: one every `every_seconds`, for `outage_seconds` each."""

    def __init__(self, dial: Dial, *, every_seconds: float, outage_seconds: float, seed: int = 0) -> None:
        self._dial = dial
        self._every_seconds = every_seconds
        self._outage_seconds = outage_seconds
        self._chance = random.Random(seed)  # noqa: S311 - which station it is, is no secret
        self._lines: dict[str, Wire] = {}
        self._mended: dict[str, asyncio.Event] = {}

    async def dial(self, config: StationConfig) -> Wire:
        """Connect the station, once its line is whole."""
        if (mended := self._mended.get(config.id)) is not None:
            await mended.wait()
        wire = self._lines[config.id] = await self._dial(config)
        return wire

    async def happen(self) -> None:
        """Until cancelled; then every line is whole again."""
        try:
            async with asyncio.TaskGroup() as outages:
                while True:
                    await asyncio.sleep(self._every_seconds)
                    if whole := sorted(self._lines.keys() - self._mended.keys()):
                        outages.create_task(self._cut(self._chance.choice(whole)))
        finally:
            for mended in self._mended.values():
                mended.set()

    async def _cut(self, station: str) -> None:
        mended = self._mended[station] = asyncio.Event()
        try:
            await self._lines[station].close()
            await asyncio.sleep(self._outage_seconds)
        finally:
            mended.set()
            del self._mended[station]
