"""How the page looks and comes: quick, on any width, light and dark, still where that is asked for, and all from one host."""

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from tests.consumers.monitoring_page.conftest import Look
from tests.support.monitoring_fleet import one_station

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = "A-STATION-WITH-A-NAME-OF-FORTY-EIGHT-LETTERS-000"


async def test_the_first_paint_comes_within_a_second_with_ten_thousand_stations(look: Look) -> None:
    paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    taken = []
    for _ in range(3):  # the machine may be busy with something else for a while
        async with look(10_000) as visit:
            await visit.go("#/stations")
            await expect(visit.rows.first).to_be_visible()
            await visit.until(paint)
            taken.append(await visit.page.evaluate(paint))
    assert min(taken) < 1_000, taken


@pytest.mark.parametrize("address", ["#/", "#/stations?status=Faulted&vendor=Alfa", f"#/stations/{LONG}"])
async def test_nothing_is_wider_than_a_phone(look: Look, address: str) -> None:
    station = one_station(LONG, datetime.now(UTC), status="Faulted", name=LONG, site=LONG, firmware=LONG)
    async with look([station], width=360, height=780) as visit:
        await visit.go(address)
        await expect(visit.page.locator("main a, main h1", has_text=LONG).first).to_be_visible()
        await expect(visit.page.locator(".skeleton")).to_have_count(0)
        assert await visit.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert visit.faults == []


async def test_dark_follows_the_system_and_a_choice_is_remembered(look: Look) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    async with look(10, color_scheme="dark") as visit:
        await visit.go()
        dark = await visit.page.evaluate(ground)
        await visit.page.get_by_role("button", name=re.compile("^Colours")).click()
        await visit.until(f"{ground} !== '{dark}'")
        light = await visit.page.evaluate(ground)
        await visit.page.reload()
        assert await visit.page.evaluate(ground) == light
        await visit.page.get_by_role("button", name=re.compile("Change to dark")).click()
        await visit.until(f"{ground} === '{dark}'")
        await visit.page.get_by_role("button", name=re.compile("Change to as the system")).click()
        assert await visit.page.evaluate("localStorage.length") == 0


async def test_who_asks_for_stillness_gets_it(look: Look) -> None:
    async with look(10, reduced_motion="reduce") as visit:
        visit.monitoring.going.clear()
        await visit.go()
        skeleton = visit.page.locator(".skeleton").first
        assert await skeleton.evaluate("element => getComputedStyle(element).animationName") == "none"


async def test_the_keyboard_skips_to_the_content(look: Look) -> None:
    async with look(10) as visit:
        await visit.go("#/stations")
        await expect(visit.rows.first).to_be_visible()
        await visit.page.keyboard.press("Tab")
        await visit.page.keyboard.press("Enter")
        assert await visit.page.evaluate("document.activeElement.id") == "main"
        assert visit.page.url.endswith("#/stations")


async def test_all_that_is_loaded_is_the_pages_own(look: Look) -> None:
    async with look(10) as visit:
        asked: list[str] = []
        visit.page.on("request", lambda request: asked.append(request.url))
        await visit.go()
        await expect(visit.page.locator(".tile-number").first).to_be_visible()
        assert {url for url in asked if not url.startswith((visit.url, "about:"))} == set()
        assert visit.faults == [], "the policy of the page is strict, and nothing is against it"
