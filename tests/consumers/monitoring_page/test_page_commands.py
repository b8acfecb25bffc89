"""Asking a station to do something: only with a token, only after it was confirmed, and told how it ended."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Locator, expect

from consumers.monitoring.api.answers import ConnectorSummary, SessionSummary
from tests.consumers.monitoring_page.conftest import Look, Visit
from tests.support.monitoring_fleet import one_station

pytestmark = pytest.mark.asyncio(loop_scope="session")

STATION = "CP-1"
NOW = datetime.now(UTC)
BUSY = one_station(
    STATION,
    NOW,
    status="Occupied",
    connectors=(
        ConnectorSummary(evse=1, connector=1, status="Occupied", detail="Charging"),
        ConnectorSummary(evse=2, connector=1, status="Available"),
    ),
    sessions=(
        SessionSummary(evse=1, started_at=NOW - timedelta(minutes=9), transaction_id="tx-1", power_w=7_000),
    ),
)


def dialog(visit: Visit) -> Locator:
    return visit.page.get_by_role("dialog")


async def give_token(visit: Visit, token: str) -> None:
    await dialog(visit).get_by_label("Token").fill(token)
    await visit.button("Continue").click()


async def test_a_reset_is_confirmed_sent_once_and_its_result_told(look: Look) -> None:
    async with look([BUSY]) as visit:
        visit.monitoring.command_token = "gateway-token"
        await visit.go_to_station(STATION)
        await visit.button("Reset").click()
        await give_token(visit, "gateway-token")
        await expect(dialog(visit)).to_contain_text("One session is running, and will end.")
        assert visit.monitoring.sent == []
        await visit.button("Reset", within=dialog(visit)).click()
        await expect(dialog(visit)).to_contain_text("The station accepted.")
        (sent,) = visit.monitoring.sent
        assert sent["command"] == "station.reset"
        assert sent["arguments"] == {"type": "OnIdle", "acceptSoft": True}
        await dialog(visit).locator(".dialog-buttons").get_by_role("button", name="Close").click()
        await expect(dialog(visit)).to_have_count(0)
        await expect(visit.page.locator(".event", has_text="Reset")).to_contain_text("Accepted")
        assert await visit.page.evaluate("sessionStorage.length + localStorage.length") == 1
        assert visit.faults == []


async def test_a_wrong_token_is_asked_for_again(look: Look) -> None:
    async with look([BUSY]) as visit:
        visit.monitoring.command_token = "gateway-token"
        await visit.go_to_station(STATION)
        await visit.button("Reset").click()
        await give_token(visit, "guessed")
        await visit.button("Reset", within=dialog(visit)).click()
        await expect(dialog(visit).get_by_role("alert")).to_contain_text("The gateway did not take it")
        await give_token(visit, "gateway-token")
        await visit.button("Reset", within=dialog(visit)).click()
        await expect(dialog(visit)).to_contain_text("The station accepted.")


async def test_what_cannot_be_a_token_is_said_in_words_and_goes_nowhere(look: Look) -> None:
    async with look([BUSY]) as visit:
        await visit.go_to_station(STATION)
        await visit.button("Reset").click()
        for odd in ("schlüssel", "two words", "“quoted”"):
            await give_token(visit, odd)
            await expect(dialog(visit).get_by_role("alert")).to_have_text(
                re.compile("^This cannot be a token")
            )
        await give_token(visit, "gateway-token")
        await visit.button("Reset", within=dialog(visit)).click()
        await expect(dialog(visit)).to_contain_text("The station accepted.")


async def test_who_is_signed_out_meanwhile_signs_in_and_keeps_the_gateway_s_token(look: Look) -> None:
    async with look([BUSY]) as visit:
        await visit.go_to_station(STATION)
        await visit.button("Reset").click()
        await give_token(visit, "gateway-token")
        visit.monitoring.token = "the-page-s-own-token"
        await visit.button("Reset", within=dialog(visit)).click()
        await expect(visit.heading("Fleet monitor")).to_be_visible()
        assert visit.monitoring.sent == []
        assert await visit.page.evaluate("sessionStorage.length") == 1


@pytest.mark.parametrize(
    ("button", "card", "command", "arguments"),
    [
        ("Stop", 0, "transaction.stop", {"transactionId": "tx-1"}),
        ("Unlock", 1, "connector.unlock", {"evse": {"id": 2, "connectorId": 1}}),
        (
            "Start",
            1,
            "transaction.start",
            {"idToken": {"value": "04A2B6", "type": "ISO14443"}, "evse": {"id": 2}},
        ),
        (
            "Availability",
            1,
            "availability.change",
            {"operationalStatus": "Inoperative", "evse": {"id": 2, "connectorId": 1}},
        ),
    ],
)
async def test_each_order_is_the_command_it_says(
    look: Look, button: str, card: int, command: str, arguments: object
) -> None:
    async with look([BUSY]) as visit:
        await visit.go_to_station(STATION)
        await visit.button(button, within=visit.page.locator(".evse").nth(card)).click()
        await give_token(visit, "")
        if button == "Start":
            await dialog(visit).get_by_label("Token", exact=True).fill("04A2B6")
        await visit.button(button, within=dialog(visit)).click()
        await expect(dialog(visit)).to_contain_text("The station accepted.")
        (sent,) = visit.monitoring.sent
        assert (sent["command"], sent["arguments"]) == (command, arguments)


async def test_a_refusal_is_told_with_its_reason_and_tried_again_as_another_command(look: Look) -> None:
    async with look([BUSY]) as visit:
        visit.monitoring.outcome = {
            "status": "rejected",
            "why": "the station is busy",
            "answer": {"status": "Rejected", "statusInfo": {"reasonCode": "InvalidSession"}},
        }
        await visit.go_to_station(STATION)
        await visit.button("Reset").click()
        await give_token(visit, "")
        await visit.button("Reset", within=dialog(visit)).click()
        for words in ("The station said no.", "the station is busy", "InvalidSession"):
            await expect(dialog(visit)).to_contain_text(words)
        await visit.button("Try again").click()
        await visit.button("Reset", within=dialog(visit)).click()
        await expect(dialog(visit)).to_contain_text("The station said no.")
        first, second = visit.monitoring.sent
        assert first["id"] != second["id"]


async def test_a_fault_on_the_way_keeps_the_form_and_the_same_command(look: Look) -> None:
    async with look([BUSY]) as visit:
        await visit.go_to_station(STATION)
        await visit.button("Reset").click()
        await give_token(visit, "")
        await dialog(visit).get_by_label("When").select_option("Immediate")
        visit.monitoring.failing["/commands"] = 503
        await visit.button("Reset", within=dialog(visit)).click()
        await expect(dialog(visit).get_by_role("alert")).to_contain_text("It is said to fail.")
        del visit.monitoring.failing["/commands"]
        await visit.button("Reset", within=dialog(visit)).click()
        await expect(dialog(visit)).to_contain_text("The station accepted.")
        assert visit.monitoring.sent[0]["arguments"] == {"type": "Immediate"}


async def test_escape_leaves_without_sending_and_gives_the_keyboard_back(look: Look) -> None:
    async with look([BUSY]) as visit:
        await visit.go_to_station(STATION)
        await visit.button("Reset").focus()
        await visit.page.keyboard.press("Enter")
        await expect(dialog(visit).get_by_label("Token")).to_be_visible()
        await visit.page.keyboard.press("Escape")
        await expect(dialog(visit)).to_have_count(0)
        assert await visit.page.evaluate("document.activeElement.textContent.trim()") == "Reset"
        assert visit.monitoring.sent == []


async def test_where_no_gateway_takes_commands_there_are_no_buttons_for_them(look: Look) -> None:
    async with look([BUSY]) as visit:
        visit.monitoring.can_command = False
        await visit.go_to_station(STATION)
        await expect(visit.page.locator(".evse").first).to_contain_text("Charging")
        await expect(visit.page.locator(".actions")).to_have_count(0)
