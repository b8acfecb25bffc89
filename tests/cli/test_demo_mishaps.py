"""Lines that are cut and mended: a station can dial again only when its own is whole."""

import asyncio

from cli.demo.mishaps import Mishaps
from simulator.facts import Version
from simulator.settings import StationConfig
from simulator.wire import Wire

STATION = StationConfig("CP-1", Version.V16)


class Line:
    def __init__(self) -> None:
        self.cut = asyncio.Event()

    async def send(self, text: bytes) -> None:
        raise NotImplementedError(text)

    async def receive(self) -> bytes | str | None:
        raise NotImplementedError

    async def close(self) -> None:
        self.cut.set()


async def test_a_line_is_cut_and_is_whole_again_after_a_while() -> None:
    lines: list[Line] = []

    async def dial(_: StationConfig) -> Wire:
        lines.append(Line())
        return lines[-1]

    mishaps = Mishaps(dial, every_seconds=0.01, outage_seconds=0.1)
    await mishaps.dial(STATION)
    happening = asyncio.create_task(mishaps.happen())
    async with asyncio.timeout(5):
        await lines[0].cut.wait()
        again = asyncio.create_task(mishaps.dial(STATION))
        await asyncio.sleep(0.02)
        assert not again.done()
        await again
    assert len(lines) == 2
    happening.cancel()
    await asyncio.gather(happening, return_exceptions=True)


async def test_when_the_mishaps_end_every_line_is_whole() -> None:
    async def dial(_: StationConfig) -> Wire:
        return Line()

    mishaps = Mishaps(dial, every_seconds=0.01, outage_seconds=60)
    wire = await mishaps.dial(STATION)
    assert isinstance(wire, Line)
    happening = asyncio.create_task(mishaps.happen())
    async with asyncio.timeout(5):
        await wire.cut.wait()
        again = asyncio.create_task(mishaps.dial(STATION))
        await asyncio.sleep(0.02)
        happening.cancel()
        await again
    await asyncio.gather(happening, return_exceptions=True)
