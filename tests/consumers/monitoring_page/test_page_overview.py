"""The overview: what needs somebody comes first, each number leads to its stations, and all of it is live."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from playwright.async_api import expect

from tests.consumers.monitoring_page.conftest import Look
from tests.support import monitoring_past
from tests.support.monitoring_fleet import one_station
from tests.support.monitoring_past import trend_of

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_counts_are_those_of_the_fleet_and_lead_to_their_stations(look: Look) -> None:
    async with look(300) as visit:
        await visit.go()
        stations = visit.monitoring.stations.values()
        offline = sum(not station.connected for station in stations)
        tile = visit.page.locator(".tile", has_text="Stations offline")
        await expect(tile).to_contain_text(str(offline))
        await expect(visit.page.locator(".tile", has_text="Stations online")).to_contain_text("of 300")
        await tile.get_by_role("link").click()
        await expect(visit.rows).to_have_count(offline)
        assert "connected=false" in visit.page.url
        assert visit.faults == []


async def test_who_has_been_offline_longest_stands_first(look: Look) -> None:
    now = datetime.now(UTC)
    away = [
        one_station(f"AWAY-{hours}", now, connected=False, seen_at=now - timedelta(hours=hours))
        for hours in (2, 70, 9)
    ]
    idle = msgspec.structs.replace(
        one_station("IDLE", now),
        status="Occupied",
        sessions=(
            msgspec.convert({"evse": 1, "startedAt": now - timedelta(hours=3), "powerW": 0}, type=_session()),
        ),
    )
    async with look([*away, idle]) as visit:
        await visit.go()
        groups = visit.page.locator(".attention-groups > section")
        await expect(groups.nth(0).locator(".attention-name")).to_have_text(["AWAY-70", "AWAY-9", "AWAY-2"])
        await expect(groups.nth(1)).to_contain_text("No connector is faulted.")
        await expect(groups.nth(2).locator("li")).to_have_text(["IDLE for 3 h Alfa 22"])


def _session() -> type:
    from consumers.monitoring.api.answers import SessionSummary

    return SessionSummary


async def test_counts_change_by_themselves(look: Look) -> None:
    now = datetime.now(UTC)
    async with look([one_station("ONE", now), one_station("TWO", now)]) as visit:
        await visit.go()
        tile = visit.page.locator(".tile", has_text="Stations offline")
        await expect(visit.page.locator(".liveness")).to_have_text("Live")
        await expect(tile.locator(".tile-number")).to_contain_text("0")
        visit.monitoring.change(one_station("TWO", now, connected=False))
        await expect(tile.locator(".tile-number")).to_contain_text("1")
        await expect(visit.page.locator(".attention-name")).to_have_text(["TWO"])


async def test_trends_are_shown_for_the_span_that_is_chosen_and_read_by_the_keyboard(look: Look) -> None:
    async with look(50) as visit:
        await visit.go()
        power = visit.page.get_by_role("img", name="Power:")
        await expect(power).to_be_visible()
        await visit.button("7 d").click()
        await expect(visit.button("7 d")).to_have_attribute("aria-pressed", "true")
        await expect(power).to_be_visible()
        asked = [line for line in visit.monitoring.asked if "/trends" in line]
        assert "step=hour" in asked[-1]
        await power.focus()
        await visit.page.keyboard.press("End")
        last = await power.locator(".readout").inner_text()
        await visit.page.keyboard.press("ArrowLeft")
        await expect(power.locator(".readout")).not_to_have_text(last)
        assert "kW" in last or "MW" in last


async def test_a_part_of_the_fleet_leads_to_its_stations(look: Look) -> None:
    async with look(300) as visit:
        await visit.go()
        await visit.page.locator(".breakdowns").get_by_role("link", name="Delta").click()
        wanted = sum(station.vendor == "Delta" for station in visit.monitoring.stations.values())
        await expect(visit.rows).to_have_count(wanted)
        await expect(visit.button("Remove Vendor Delta")).to_be_visible()


async def test_a_fleet_without_stations_says_how_one_comes(look: Look) -> None:
    async with look([]) as visit:
        await visit.go()
        await expect(visit.page.locator(".empty")).to_contain_text("No station has been seen yet")
        await expect(visit.page.locator(".tiles")).to_have_count(0)
        await visit.go("#/stations")
        await expect(visit.page.locator(".empty")).to_contain_text("No station has been seen yet")
        assert visit.faults == []


async def test_no_label_of_a_chart_stands_twice(look: Look) -> None:
    """Two stations: the ticks are whole numbers, not 0, 1 and 1."""
    now = datetime.now(UTC)
    async with look([one_station("ONE", now), one_station("TWO", now)]) as visit:
        await visit.go()
        charts = visit.page.locator("time-chart")
        await expect(charts).to_have_count(4)
        for number in range(4):
            labels = await charts.nth(number).locator("text.tick[text-anchor=end]").all_text_contents()
            assert labels
            assert len(labels) == len(set(labels)), labels


async def test_a_fleet_of_today_begins_with_the_span_that_has_data(
    look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    def young(overview: object, step_seconds: int, since: datetime | None) -> object:
        trend = trend_of(overview, step_seconds, since)  # type: ignore[arg-type]
        begun = datetime.now(UTC) - timedelta(hours=2)
        points = tuple(
            point
            if point.at >= begun
            else msgspec.structs.replace(point, connected=0, sessions=0, power_w=0, availability=None)
            for point in trend.points
        )
        return msgspec.structs.replace(trend, points=points)

    monkeypatch.setattr(monitoring_past, "trend_of", young)
    async with look([one_station("ONE", datetime.now(UTC))]) as visit:
        await visit.go()
        await expect(visit.button("3 h")).to_have_attribute("aria-pressed", "true")
        await visit.button("7 d").click()
        await expect(visit.button("7 d")).to_have_attribute("aria-pressed", "true")
