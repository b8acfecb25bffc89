"""What is shown while something is on its way, when it cannot be had, when it is old, and before one may see it."""

import re
from datetime import UTC, datetime

import pytest
from playwright.async_api import expect

from tests.consumers.monitoring_page.conftest import Look
from tests.support.monitoring_fleet import one_station

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_is_on_its_way_has_its_place(look: Look) -> None:
    async with look(60) as visit:
        await visit.go("#/stations")
        await expect(visit.rows.first).to_be_visible()
        visit.monitoring.going.clear()
        await visit.page.evaluate("location.hash = '#/'")
        await expect(visit.page.locator(".attention .skeleton").first).to_be_visible()
        await expect(visit.page.locator(".charts .skeleton").first).to_be_visible()
        visit.monitoring.going.set()
        await expect(visit.page.locator(".skeleton")).to_have_count(0)


async def test_an_api_that_is_away_is_said_and_what_is_old_is_marked_until_it_is_back(look: Look) -> None:
    async with look(60) as visit:
        await visit.go()
        await expect(visit.page.locator(".tile-number").first).to_be_visible()
        visit.monitoring.failing["/"] = 503
        visit.monitoring.hang_up()
        banner = visit.page.locator(".banner")
        await expect(banner).to_contain_text(re.compile(r"What you see is of \d\d:\d\d"))
        await expect(visit.page.locator(".tile-number").first).to_be_visible()
        await visit.button("Try now").click()
        await expect(visit.page.locator(".liveness")).to_have_text("Away")
        visit.monitoring.failing.clear()
        await visit.button("Try now").click()
        await expect(banner).to_have_count(0)
        await expect(visit.page.locator(".liveness")).to_have_text("Live")


async def test_an_api_that_is_away_from_the_start_is_tried_again(look: Look) -> None:
    async with look(60) as visit:
        visit.monitoring.failing["/"] = 503
        await visit.go()
        await expect(visit.page.locator(".failed")).to_contain_text("This could not be loaded.")
        visit.monitoring.failing.clear()
        await visit.button("Try again").click()
        await expect(visit.page.locator(".tile-number").first).to_be_visible()


async def test_one_part_that_fails_leaves_the_others(look: Look) -> None:
    async with look([one_station("CP-1", datetime.now(UTC))]) as visit:
        visit.monitoring.failing["/timeline"] = 500
        await visit.go_to_station("CP-1")
        day = visit.page.locator("section", has=visit.heading("Last 24 hours"))
        await expect(day.locator(".failed")).to_be_visible()
        await expect(visit.page.get_by_role("img", name="Power:")).to_be_visible()
        visit.monitoring.failing.clear()
        await visit.button("Try again", within=day).click()
        await expect(day.locator(".band").first).to_be_visible()
        visit.monitoring.failing["/timeline"] = 500
        visit.monitoring.say_reload()
        await expect(day.locator(".stale")).to_contain_text("As of", timeout=60_000)
        await expect(day.locator(".band").first).to_be_visible()


async def test_a_stream_that_ends_is_taken_up_again(look: Look) -> None:
    async with look([one_station("CP-1", datetime.now(UTC))]) as visit:
        await visit.go("#/stations")
        await expect(visit.page.locator(".liveness")).to_have_text("Live")
        visit.monitoring.hang_up()
        await visit.page.wait_for_timeout(600)
        await expect(visit.page.locator(".liveness")).to_have_text("Live")
        visit.monitoring.change(one_station("CP-1", datetime.now(UTC), connected=False))
        await expect(visit.rows.first).to_contain_text("Offline")


async def test_a_missed_past_is_asked_for_anew(look: Look) -> None:
    async with look([one_station("CP-1", datetime.now(UTC))]) as visit:
        await visit.go("#/stations")
        await expect(visit.page.locator(".liveness")).to_have_text("Live")
        visit.monitoring.stations["CP-1"] = one_station("CP-1", datetime.now(UTC), connected=False)
        visit.monitoring.say_reload()
        await expect(visit.rows.first).to_contain_text("Offline")


async def test_who_has_no_token_signs_in_and_out(look: Look) -> None:
    async with look(60) as visit:
        visit.monitoring.token = "the-token-of-the-fleet"
        await visit.go("#/stations")
        await visit.page.get_by_label("Token").fill("guessed")
        await visit.button("Sign in").click()
        await expect(visit.page.get_by_role("alert")).to_have_text("This is not the token.")
        await visit.page.get_by_label("Token").fill("the-token-of-the-fleet")
        await visit.button("Sign in").click()
        await expect(visit.rows.first).to_be_visible()
        await visit.button("Sign out").click()
        await expect(visit.page.get_by_label("Token")).to_be_visible()
        await expect(visit.rows).to_have_count(0)
