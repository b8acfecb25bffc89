"""The page on the monitoring itself: from what stations say to what somebody sees."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from contract.topics import PRESENCE
from tests.consumers.monitoring.conftest import NOW, Charger, a_day, viewing
from tests.consumers.monitoring_page.conftest import Come

pytestmark = pytest.mark.asyncio(loop_scope="session")

MANY = 10_000


async def test_what_stations_say_is_seen_while_one_looks(come: Come, tmp_path: Path) -> None:
    async with viewing(tmp_path) as viewer, come(f"{viewer.url}/") as visit:
        await visit.page.clock.set_fixed_time(NOW)
        await visit.go()
        await expect(visit.page.locator(".empty")).to_contain_text("No station has been seen yet")
        for number in range(3):
            await a_day(viewer.world, f"CP-{number}")
        await expect(visit.page.locator(".tile", has_text="Stations online")).to_contain_text("3 of 3")
        await expect(visit.page.get_by_role("img", name="Power:")).to_be_visible()

        await visit.page.get_by_role("link", name="Stations", exact=True).click()
        await expect(visit.rows).to_have_count(3)
        lost = visit.page.locator("tr.station", has_text="CP-2")
        await expect(lost).to_contain_text("Charging")
        await viewer.world.append_value(PRESENCE, "CP-2", Charger("CP-2").offline(0))
        await expect(lost).to_contain_text("Offline")

        await visit.page.get_by_role("link", name="CP-1", exact=True).click()
        card = visit.page.locator(".evse").first
        for words in ("Charging", "11.5 kW", "4.10 kWh", "41 %"):
            await expect(card).to_contain_text(words)
        await viewer.world.append(Charger("CP-1").samples(0, 6100, 7_000, 44, "CP-1-t"))
        await expect(card).to_contain_text("7.00 kW")
        await expect(visit.page.locator(".event", has_text="Session started")).to_contain_text("04…F7")
        await expect(visit.page.get_by_role("img", name="Connector 1:")).to_be_visible()
        assert visit.faults == []


async def test_ten_thousand_stations_are_painted_within_a_second(come: Come, tmp_path: Path) -> None:
    paint = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    async with viewing(tmp_path) as viewer:
        for first in range(0, MANY, 1000):
            chargers = [Charger(f"CP-{number:05d}") for number in range(first, first + 1000)]
            await viewer.world.append(*(charger.boots() for charger in chargers))
        await viewer.world.caught_up(120)
        taken = []
        for _ in range(3):  # the machine may be busy with something else for a while
            async with come(f"{viewer.url}/") as visit:
                await visit.go("#/stations")
                await expect(visit.rows.first).to_contain_text("CP-00000")
                await expect(visit.page.locator(".summary")).to_have_text("10,000 stations")
                await visit.until(paint)
                taken.append(await visit.page.evaluate(paint))
        assert min(taken) < 1_000, taken
