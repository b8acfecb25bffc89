"""The two threads of the embedded engine, one that writes and one that reads, each on its own connection.

All state is the event loop's; a thread only runs one function at a time on its file.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from eventlog.embedded.file import LogFile
from eventlog.embedded.news import News
from eventlog.port import LogUnavailable

T = TypeVar("T")

OPEN_SECONDS = 5.0
RETRY_SECONDS = 0.2


class Threads:
    """The file as coroutines see it. What SQLite complains of is raised as LogUnavailable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="eventlog-write")
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="eventlog-read")
        self._closed = False
        self.news = News(self._version)

    async def open(self) -> None:
        """Open the file, and make it when it is missing. Raises LogUnavailable."""
        loop = asyncio.get_running_loop()
        until = loop.time() + OPEN_SECONDS
        while True:
            try:
                self._write_file = await loop.run_in_executor(self._writer, LogFile, self._path)
                await loop.run_in_executor(self._writer, self._write_file.prepare)
                self._read_file = await loop.run_in_executor(self._reader, LogFile, self._path)
            except (sqlite3.Error, OSError) as error:
                # Locked: another process may be making the same file just now.
                if "locked" in str(error) and loop.time() < until:
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                self._writer.shutdown(wait=False)
                self._reader.shutdown(wait=False)
                raise LogUnavailable(f"cannot open {self._path}: {error}") from error
            return

    async def reading(self, work: Callable[[LogFile], T]) -> T:
        """Run this in the reader's thread."""
        if self._closed:
            raise LogUnavailable("the log is closed")
        return await self._run(self._reader, work, self._read_file)

    async def writing(self, work: Callable[[LogFile], T]) -> T:
        """Run this in the writer's thread, between two groups of appends."""
        if self._closed:
            raise LogUnavailable("the log is closed")
        return await self._run(self._writer, work, self._write_file)

    def close(self) -> None:
        """Close the file behind whatever the threads still do; nobody waits for that."""
        self._closed = True
        for thread, file in ((self._reader, self._read_file), (self._writer, self._write_file)):
            thread.submit(file.connection.close)
            thread.shutdown(wait=False)

    async def _run(self, thread: ThreadPoolExecutor, work: Callable[[LogFile], T], file: LogFile) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(thread, work, file)
        except sqlite3.Error as error:
            raise LogUnavailable(f"{self._path}: {error}") from error

    async def _version(self) -> int | None:
        with contextlib.suppress(LogUnavailable):
            return await self.reading(LogFile.version)
        return None
