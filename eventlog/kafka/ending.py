"""Ends an aiokafka client for certain.

`AIOKafkaProducer.stop()` flushes, and while brokers are down it waits for ever; cancelled, it leaves
its sender and its batches' tasks running. aiokafka offers no way to let go of them, so past the
deadline this finds the tasks that belong to the client by the `self` of their coroutines and cancels
them. It looks inside, so a test pins it: nothing may be left after a close during an outage.
"""

import asyncio
import contextlib
from typing import Any, Protocol

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

LET_GO_SECONDS = 1.0


class Stoppable(Protocol):
    """A producer or a consumer."""

    async def stop(self) -> None: ...


async def end(owner: Stoppable, deadline_seconds: float) -> None:
    """Stop it properly within the deadline, or else drop it. Never raises."""
    stopping = asyncio.create_task(owner.stop())
    try:
        await asyncio.wait([stopping], timeout=deadline_seconds)
    finally:  # also when we are cancelled: that is the end of the patience, not of the duty
        await _drop(owner, stopping)


async def _drop(owner: Stoppable, stopping: asyncio.Task[None]) -> None:
    if not stopping.done():
        # A producer shows its client, a consumer hides it.
        client: AIOKafkaClient = getattr(owner, "client", None) or vars(owner)["_client"]
        mine = [task for task in asyncio.all_tasks() if _belongs(task, client)]
        for task in [stopping, *mine]:
            task.cancel()
        await asyncio.wait([stopping, *mine], timeout=LET_GO_SECONDS)
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            await asyncio.wait_for(client.close(), LET_GO_SECONDS)
    await asyncio.gather(stopping, return_exceptions=True)


def _belongs(task: asyncio.Task[Any], client: AIOKafkaClient) -> bool:
    frame = getattr(task.get_coro(), "cr_frame", None)
    owner = frame.f_locals.get("self") if frame is not None else None
    if owner is None or not type(owner).__module__.startswith("aiokafka."):
        return False
    held = {id(value) for value in vars(owner).values()} if hasattr(owner, "__dict__") else set()
    return owner is client or id(client) in held or id(client.cluster) in held
