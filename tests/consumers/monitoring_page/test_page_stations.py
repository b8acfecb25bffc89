"""The list of stations: searched as one types, narrowed, sorted and shared by its address; live without a jump."""

from datetime import UTC, datetime

import msgspec
import pytest
from playwright.async_api import expect

from tests.consumers.monitoring_page.conftest import Look
from tests.support.monitoring_fleet import one_station

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_search_narrows_the_list_as_it_is_typed_and_stands_in_the_address(look: Look) -> None:
    async with look(2000) as visit:
        await visit.go("#/stations")
        await expect(visit.page.get_by_role("status").filter(has_text="2,000 stations")).to_be_visible()
        await visit.page.keyboard.press("/")
        await visit.page.keyboard.type("0012")
        wanted = [station for station in visit.monitoring.stations if "0012" in station]
        await expect(visit.rows).to_have_count(len(wanted))
        assert await visit.ids() == wanted
        assert visit.page.url.endswith("#/stations?search=0012")
        searches = [line for line in visit.monitoring.asked if "search=" in line]
        assert len(searches) < 4, "not a request for each letter"
        await visit.page.reload()
        await expect(visit.rows).to_have_count(len(wanted))
        await expect(visit.page.locator("#search")).to_have_value("0012")
        assert visit.faults == []


async def test_filters_are_chosen_shown_and_taken_away(look: Look) -> None:
    async with look(300) as visit:
        await visit.go("#/stations")
        stations = visit.monitoring.stations.values()
        await visit.page.locator("summary", has_text="Status").click()
        await visit.page.get_by_role("checkbox", name="Faulted").check()
        faulted = [station for station in stations if station.status == "Faulted"]
        await expect(visit.rows).to_have_count(len(faulted))
        await visit.page.keyboard.press("Escape")
        await expect(visit.page.locator("details.menu[open]")).to_have_count(0)
        await visit.button("Offline").click()
        await expect(visit.rows).to_have_count(sum(not station.connected for station in faulted))
        await visit.button("Clear all").click()
        await expect(visit.rows).to_have_count(50)
        assert visit.page.url.endswith("#/stations")
        await visit.page.go_back()


async def test_nothing_found_is_said_with_a_way_out(look: Look) -> None:
    async with look(60) as visit:
        await visit.go("#/stations?search=nowhere")
        await expect(visit.page.locator(".empty")).to_contain_text("No station matches")
        await visit.button("Show all stations").click()
        await expect(visit.rows).to_have_count(50)


async def test_the_order_is_the_servers_and_is_turned_by_a_click(look: Look) -> None:
    async with look(120) as visit:
        await visit.go("#/stations")
        await visit.button("Power").click()
        most = max(visit.monitoring.stations.values(), key=lambda station: (station.power_w, station.id))
        await expect(visit.rows.first).to_contain_text(most.id)
        column = visit.page.get_by_role("columnheader", name="Power")
        await expect(column).to_have_attribute("aria-sort", "descending")
        await visit.button("Power").click()
        await expect(column).to_have_attribute("aria-sort", "ascending")


async def test_ten_thousand_are_scrolled_through_while_few_are_drawn(look: Look) -> None:
    async with look(10_000) as visit:
        await visit.go("#/stations")
        await expect(visit.rows.first).to_be_visible()
        await visit.until(
            "scrollTo(0, document.body.scrollHeight), document.querySelectorAll('tbody').length > 8",
            seconds=90,
        )
        await visit.until("document.querySelectorAll('tr.station').length < 260")
        await visit.page.evaluate("scrollTo(0, 0)")
        await expect(visit.rows.first).to_contain_text(next(iter(visit.monitoring.stations)))
        followed = max(len(stations) for stations, _ in visit.monitoring.streams)
        assert followed <= 200


async def test_a_row_changes_in_its_place_and_nothing_jumps(look: Look) -> None:
    async with look(200) as visit:
        await visit.go("#/stations?sort=status")
        await expect(visit.page.locator(".liveness")).to_have_text("Live")
        await visit.page.evaluate("scrollTo(0, 700)")
        await visit.until("document.querySelectorAll('tbody').length >= 2")
        before = await visit.ids()
        here = await visit.page.evaluate("scrollY")
        station = visit.monitoring.stations[before[12]]
        await visit.page.wait_for_timeout(500)
        visit.monitoring.change(
            msgspec.structs.replace(station, connected=not station.connected, power_w=4_321)
        )
        await expect(visit.page.locator("tr.station", has_text=station.id)).to_contain_text("4.32 kW")
        assert (await visit.ids())[: len(before)] == before
        assert await visit.page.evaluate("scrollY") == here
        await visit.button("Sort anew").click()
        await expect(visit.button("Sort anew")).to_have_count(0)


async def test_who_comes_back_finds_the_list_where_it_was(look: Look) -> None:
    async with look(300) as visit:
        await visit.go("#/stations?connected=true")
        await expect(visit.rows.first).to_be_visible()
        await visit.page.evaluate("scrollTo(0, 1500)")
        await visit.until("document.querySelectorAll('tbody').length >= 2")
        station = (await visit.ids())[40]
        await visit.page.get_by_role("link", name=station, exact=True).click()
        await expect(visit.heading(station)).to_be_visible()
        await visit.until("scrollY === 0")
        changed = msgspec.structs.replace(visit.monitoring.stations[station], power_w=4_321)
        await visit.page.locator(".back").click()
        await visit.until("Math.abs(scrollY - 1500) < 5")
        assert visit.page.url.endswith("#/stations?connected=true")
        await visit.page.wait_for_timeout(500)
        visit.monitoring.change(changed)
        await expect(visit.page.locator("tr.station", has_text=station)).to_contain_text("4.32 kW")


async def test_the_keyboard_goes_from_row_to_row_and_into_a_station(look: Look) -> None:
    async with look(60) as visit:
        await visit.go("#/stations")
        await visit.rows.first.get_by_role("link").focus()
        await visit.page.keyboard.press("ArrowDown")
        await visit.page.keyboard.press("ArrowDown")
        await visit.page.keyboard.press("ArrowUp")
        second = (await visit.ids())[1]
        assert await visit.page.evaluate("document.activeElement.textContent") == second
        await visit.page.keyboard.press("Enter")
        await expect(visit.heading(second)).to_be_visible()
        assert await visit.page.evaluate("document.activeElement.id") == "main"
        await visit.page.go_back()
        await expect(visit.rows.first).to_be_visible()


async def test_a_hostile_name_is_only_a_name(look: Look) -> None:
    name = "<img src=x onerror=alert(1)>"
    hostile = one_station(
        name, datetime.now(UTC), name=name, site=name, vendor=name, model=name, firmware=name
    )
    async with look([hostile]) as visit:
        for address in ("#/", "#/stations", "#/stations?vendor=%3Cimg%20onerror%3Dx%3E"):
            await visit.go(address)
            await expect(visit.page.locator("main")).to_be_visible()
        await visit.go("#/stations")
        await visit.rows.first.get_by_role("link").click()
        await expect(visit.heading(name)).to_be_visible()
        await expect(visit.heading("Recent events")).to_be_visible()
        assert await visit.page.locator("img").count() == 0
        assert visit.faults == []
