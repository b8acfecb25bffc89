"""The Kafka broker of a run: one node of the tests' own cluster, or one that is given; and what it holds."""

# aiokafka carries no types.
# mypy: disallow-untyped-calls=False

import asyncio
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.contestants import GATEWAY
from benchmarks.processes import Program, ServerFailed
from benchmarks.references.chargepoint import TOPIC

KAFKA = [sys.executable, "-m", "tests.support.kafka"]
PARTITIONS = 12
START_SECONDS = 60.0


async def _done(command: list[str], **environment: str) -> None:
    """Run a program to its end. Raises ServerFailed with its output when it fails."""
    done = await asyncio.to_thread(
        subprocess.run, command, env={**os.environ, **environment}, capture_output=True, check=False
    )
    if done.returncode:
        raise ServerFailed(f"{' '.join(command)}: {(done.stdout + done.stderr).decode()[-2000:]}")


class Broker:
    """A broker that runs. `url` is known when `start` has returned.

    One that is `lasting` is compiled well while it runs, as in production: it must be warmed up for half a minute.
    """

    def __init__(self, core: int, folder: Path, url: str | None = None, *, lasting: bool = False) -> None:
        self.url = url or ""
        command = [*KAFKA, "run", "--nodes", "1", *["--lasting"] * lasting]
        self._program = None if url else Program("broker", command, core, folder)

    async def start(self, *, with_gateway: bool) -> None:
        """Start it, and create the topics of everyone who publishes."""
        if self._program is not None:
            await _done([*KAFKA, "fetch"])
            self._program.start()
            self.url = await self._announced(self._program)
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers)
        await admin.start()
        try:
            if TOPIC not in await admin.list_topics():
                await admin.create_topics([NewTopic(TOPIC, PARTITIONS, 1)])
        finally:
            await admin.close()
        if with_gateway:
            await _done([GATEWAY, "topics", "apply"], OCPP_EVENT_LOG=self.url)

    async def _announced(self, program: Program) -> str:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            program.check()
            if found := re.search(r"kafka://[0-9.:,]+", program.output.read_text()):
                return found[0]
            await asyncio.sleep(0.1)
        raise ServerFailed(f"the broker does not say where it is\n{program.last_words()}")

    @property
    def _servers(self) -> str:
        return self.url.removeprefix("kafka://")

    async def records(self) -> int:
        """How many records all topics hold, the broker's own aside."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._servers)
        reader = AIOKafkaConsumer(bootstrap_servers=self._servers)
        await admin.start()
        await reader.start()
        try:
            places = [
                TopicPartition(topic["topic"], partition["partition"])
                for topic in await admin.describe_topics()
                if not topic["is_internal"]
                for partition in topic["partitions"]
            ]
            return sum((await reader.end_offsets(places)).values())
        finally:
            await reader.stop()
            await admin.close()

    def cpu_seconds(self) -> float | None:
        """The broker's processor time; None where the broker is somebody else's."""
        return self._program.cpu_seconds() if self._program else None

    def stop(self) -> None:
        if self._program is not None:
            self._program.stop()
