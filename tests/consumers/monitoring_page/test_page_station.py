"""One station: what it is, how its day was, what happened, and that it changes while one looks."""

import re
from datetime import UTC, datetime

import msgspec
import pytest
from playwright.async_api import expect

from consumers.monitoring.api.answers import ConnectorSummary, SessionSummary
from tests.consumers.monitoring_page.conftest import Look
from tests.support.monitoring_fleet import one_station

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATION = "DE*ABC*E/42 ü"


async def test_a_station_is_shown_with_its_connectors_its_day_and_its_past(look: Look) -> None:
    async with look([one_station(STATION, datetime.now(UTC), site="Harbour", name="Harbour 3")]) as visit:
        await visit.go_to_station(STATION)
        await expect(visit.heading(STATION)).to_be_visible()
        await expect(visit.page.locator(".facts")).to_contain_text("Alfa 22")
        await expect(visit.page.locator(".evse")).to_have_count(2)
        await expect(visit.page.get_by_role("img", name=re.compile("^Connection: Connected"))).to_be_visible()
        await visit.page.get_by_text("As a list").click()
        await expect(visit.page.locator(".spells li", has_text="Offline")).to_have_count(1)
        await expect(visit.page.get_by_role("img", name="Power:")).to_be_visible()
        await expect(visit.page.locator(".empty", has_text="No commands yet")).to_be_visible()
        assert await visit.page.title() == f"{STATION} · Fleet monitor"
        assert visit.faults == []


async def test_events_are_told_in_words_with_the_data_behind_them(look: Look) -> None:
    async with look([one_station(STATION, datetime.now(UTC))]) as visit:
        await visit.go_to_station(STATION)
        events = visit.page.locator("section", has=visit.heading("Recent events")).locator(".event")
        await expect(events).to_have_count(25)
        await expect(events.nth(8)).to_contain_text("Connection lost ping timeout, after 9 h 12 min")
        await events.nth(8).locator("summary").click()
        await expect(events.nth(8).locator("pre")).to_contain_text('"connectedSeconds": 33120.4')
        await visit.button("Earlier events").click()
        await expect(events).to_have_count(50)


async def test_a_session_begins_while_one_looks(look: Look) -> None:
    now = datetime.now(UTC)
    before = one_station(STATION, now)
    async with look([before]) as visit:
        await visit.go_to_station(STATION)
        card = visit.page.locator(".evse").first
        await expect(card).to_contain_text("Available")
        await expect(visit.page.locator(".liveness")).to_have_text("Live")
        visit.monitoring.change(
            msgspec.structs.replace(
                before,
                status="Occupied",
                power_w=7_400,
                connectors=(ConnectorSummary(evse=1, connector=1, status="Occupied", detail="Charging"),),
                sessions=(
                    SessionSummary(
                        evse=1,
                        started_at=now,
                        transaction_id="tx-1",
                        power_w=7_400,
                        energy_wh=1_250,
                        soc_percent=61,
                    ),
                ),
            )
        )
        await expect(card).to_contain_text("Charging")
        await expect(card).to_contain_text("7.40 kW")
        await expect(card).to_contain_text("1.25 kWh")
        await expect(card).to_contain_text("61 %")


async def test_a_lost_station_says_so_first(look: Look) -> None:
    async with look([one_station(STATION, datetime.now(UTC), connected=False)]) as visit:
        await visit.go_to_station(STATION)
        await expect(visit.page.locator(".station-title")).to_contain_text("Offline")
        await expect(visit.page.locator(".facts")).to_contain_text("ping timeout")


async def test_an_unknown_station_and_an_unknown_page_are_said_in_words(look: Look) -> None:
    async with look(10) as visit:
        await visit.go_to_station("NOBODY")
        await expect(visit.page.locator(".empty")).to_contain_text("Unknown station")
        await visit.page.get_by_role("link", name="Search for it").click()
        await expect(visit.page.locator(".empty")).to_contain_text("No station matches")
        await visit.go("#/elsewhere")
        await expect(visit.page.locator(".empty")).to_contain_text("There is no such page")
