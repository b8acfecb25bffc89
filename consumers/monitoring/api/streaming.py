"""The stream of what changes: server-sent events (HTML standard §9.2)."""

import asyncio
from typing import Final

import msgspec
from aiohttp import web

from consumers.monitoring import positions
from consumers.monitoring.api import reading
from consumers.monitoring.api.asked import FOLLOWED_AT_MOST
from consumers.monitoring.api.pages import HEADERS
from consumers.monitoring.followers import Follower, News
from consumers.monitoring.watch import Watch
from service.parameters import boolean, text
from service.problems import Refused

QUIET_SECONDS: Final = 15.0
"""After so long a comment is sent, so that nobody on the way takes the stream for dead."""
SLOW_SECONDS: Final = 30.0
"""Who has not taken what was sent by then is cut off, and may come again with its position."""
AT_ONCE: Final = 500
"""Stations in one event."""
RETRY_MS: Final = 2000


class Streaming:
    """Knows the watch."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    async def follow(self, request: web.Request) -> web.StreamResponse:
        """`GET /api/v1/changes`."""
        stations = reading.texts(request, "station", FOLLOWED_AT_MOST)
        wants_overview = boolean(request, "overview") is not False
        after = request.headers.get("Last-Event-ID") or request.query.get("after")
        if after is not None:
            text(after, reading.POSITIONS, "a position")
        follower = Follower(frozenset(stations) if stations else None, overview=wants_overview)
        if not self._watch.follow(follower):
            raise Refused(503, "too-many", "Too many follow the changes.", headers={"Retry-After": "30"})
        try:
            return await self._tell(request, follower, after)
        finally:
            self._watch.leave(follower)

    async def _tell(self, request: web.Request, follower: Follower, after: str | None) -> web.StreamResponse:
        totals, sequences = self._watch.totals, self._watch.sequences
        if after is None:
            follower.begin(totals, sequences)
        else:
            seen = positions.read(after)
            ahead = any(sequence > sequences.get(shard, 0) for shard, sequence in seen.items())
            missed = None if ahead else await self._watch.since(seen, follower.stations)
            follower.catch_up(missed, totals, sequences)
        response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-store",
                "X-Accel-Buffering": "no",
            }
        )
        response.headers.update(request[HEADERS])
        await response.prepare(request)
        await _send(request, response, f"retry: {RETRY_MS}\nid: {positions.written(sequences)}\n\n".encode())
        while not follower.is_closed:
            news = await follower.news(QUIET_SECONDS)
            said = b":\n\n" if news is None else _written(news)
            if follower.is_closed or not await _send(request, response, said):
                break
        return response


async def _send(request: web.Request, response: web.StreamResponse, said: bytes) -> bool:
    """Whether it was taken."""
    try:
        async with asyncio.timeout(SLOW_SECONDS):
            await response.write(said)
    except (OSError, TimeoutError):
        if request.transport is not None:
            request.transport.abort()  # a mere close would wait for what is not taken
        return False
    return True


def _written(news: News) -> bytes:
    """News as events; each has the position of all, for what is told twice harms nobody."""
    said = []
    if news.reload:
        said.append(("reload", b"{}"))
    said += [
        ("stations", msgspec.json.encode({"stations": news.stations[first : first + AT_ONCE]}))
        for first in range(0, len(news.stations), AT_ONCE)
    ]
    if news.overview is not None:
        said.append(("overview", msgspec.json.encode(news.overview)))
    last = len(said) - 1
    return b"".join(
        b"event: %b\n%bdata: %b\n\n"
        % (name.encode(), f"id: {news.position}\n".encode() if place == last else b"", data)
        for place, (name, data) in enumerate(said)
    )
