"""Reading a topic in tests."""

import asyncio

from eventlog.port import EventLog, Stored


async def everything(log: EventLog, topic: str, count: int, seconds: float = 20.0) -> list[Stored]:
    """The first `count` records of the topic, from the beginning."""
    stored: list[Stored] = []
    tail = log.tail([topic], from_beginning=True)
    async with asyncio.timeout(seconds):
        while len(stored) < count:
            stored.append(await anext(tail))
    await tail.aclose()
    return stored
