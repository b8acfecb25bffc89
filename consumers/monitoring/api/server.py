"""The port of the page and its API."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final

from aiohttp import web

from consumers.monitoring.api.access import Access
from consumers.monitoring.api.application import Api, Counted
from consumers.monitoring.api.asked import LONGEST_LINE_BYTES
from consumers.monitoring.api.commanding import Commanding
from consumers.monitoring.api.fleet import Fleet
from consumers.monitoring.api.listing import Listing
from consumers.monitoring.api.past import Past
from consumers.monitoring.api.questions import Questions
from consumers.monitoring.api.streaming import Streaming
from consumers.monitoring.settings import MonitoringSettings
from consumers.monitoring.watch import Watch
from consumers.runtime.database import Database
from service.http import HttpConnection

STOP_SECONDS: Final = 1.0
IDLE_SECONDS: Final = 75.0
ASK_SECONDS: Final = 10.0


class Server:
    """A `service.run.Service`. `port` is the one that was taken."""

    def __init__(
        self,
        settings: MonitoringSettings,
        database: Database,
        watch: Watch,
        now: Callable[[], datetime],
        counted: Counted,
    ) -> None:
        self._settings = settings
        self._watch = watch
        token = settings.monitoring_token
        self._commanding = Commanding(settings.monitoring_command_api)
        self.api = Api(
            Access(settings.monitoring_host, token.get_secret_value() if token else None),
            Questions(Fleet(database, now), Listing(database), Past(database, now)),
            Streaming(watch),
            self._commanding,
            counted,
        )
        self._runner = web.AppRunner(
            self.api.application, handle_signals=False, shutdown_timeout=STOP_SECONDS
        )
        self._listening: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Listen. Raises OSError."""
        await self._runner.setup()
        loop = asyncio.get_running_loop()
        settings = self._settings
        self._listening = await loop.create_server(
            self._connection, settings.monitoring_host, settings.monitoring_port
        )
        self.port = self._listening.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Streams end, and the port is given back."""
        if self._listening is not None:
            self._listening.close()
        self._watch.close()
        await self._runner.cleanup()
        await self._commanding.close()

    def _connection(self) -> HttpConnection:
        loop = asyncio.get_running_loop()
        connection = HttpConnection(
            self._runner.server,
            loop=loop,
            access_log=None,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=STOP_SECONDS,
            turned_away=lambda _why: None,
            max_line_size=LONGEST_LINE_BYTES,  # else what the document allows would not be read
        )
        loop.call_later(ASK_SECONDS, connection.drop_silent)
        return connection
