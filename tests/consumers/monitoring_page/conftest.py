"""The page in a headless Chromium, on the monitoring's API in memory. One browser for all tests, a fresh profile for each."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, ConsoleMessage, Locator, Page, async_playwright, expect

from tests.support.debian import program
from tests.support.monitoring_api import FakeMonitoring
from tests.support.monitoring_fleet import make_fleet

WAIT_MS: Final = 15_000
"""The machine may be busy; nothing waits that long that works."""


class Visit:
    """Somebody looks at the page. `faults` is what the browser complained about."""

    monitoring: FakeMonitoring
    """What answers, where it is the one in memory."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._listen)

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(message.text)

    async def go(self, address: str = "#/") -> None:
        """Come to this address from elsewhere, as from a bookmark."""
        await self.page.goto("about:blank")
        await self.page.goto(self.url + address)

    async def go_to_station(self, station: str) -> None:
        await self.go("#/stations/" + quote(station, safe=""))

    def button(self, name: str, *, within: Locator | None = None) -> Locator:
        return (within or self.page).get_by_role("button", name=name, exact=True)

    def heading(self, name: str) -> Locator:
        return self.page.get_by_role("heading", name=name, exact=True)

    @property
    def rows(self) -> Locator:
        return self.page.locator("tr.station")

    async def ids(self) -> list[str]:
        """The stations that are listed, in their order."""
        return await self.page.locator("tr.station th a").all_inner_texts()

    async def until(self, script: str, seconds: float = WAIT_MS / 1000) -> None:
        """Wait until this is true in the page. Playwright's own way needs `eval`, which the page's policy forbids."""
        async with asyncio.timeout(seconds):
            while not await self.page.evaluate(script):  # noqa: ASYNC110 - what changes is in the browser
                await asyncio.sleep(0.05)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    path = program("chromium", "chromium")
    expect.set_options(timeout=WAIT_MS)
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield started
        finally:
            await started.close()


@contextlib.asynccontextmanager
async def served(monitoring: FakeMonitoring) -> AsyncIterator[str]:
    runner = web.AppRunner(monitoring.application(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        monitoring.going.set()
        monitoring.hang_up()
        await runner.cleanup()


Come = Callable[..., AbstractAsyncContextManager[Visit]]
Look = Callable[..., AbstractAsyncContextManager[Visit]]


@pytest.fixture
def come(browser: Browser) -> Come:
    """Come to the page at this address; the rest is of the browser's profile, which is a fresh one."""

    @contextlib.asynccontextmanager
    async def coming(
        url: str, *, width: int = 1280, height: int = 900, **profile: Any
    ) -> AsyncIterator[Visit]:
        context = await browser.new_context(viewport={"width": width, "height": height}, **profile)
        context.set_default_timeout(WAIT_MS)
        try:
            yield Visit(await context.new_page(), url)
        finally:
            await context.close()

    return coming


@pytest.fixture
def look(come: Come) -> Look:
    """Come to the page of a fleet in memory: of so many stations, or of these."""

    @contextlib.asynccontextmanager
    async def looking(stations: Any = 300, **profile: Any) -> AsyncIterator[Visit]:
        fleet = make_fleet(stations, datetime.now(UTC)) if isinstance(stations, int) else stations
        monitoring = FakeMonitoring(fleet)
        async with served(monitoring) as url, come(url, **profile) as visit:
            visit.monitoring = monitoring
            yield visit

    return looking
