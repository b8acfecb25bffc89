"""The page of the demo: stations of all versions, alive, and one that does what it is told from a browser."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.consumers.monitoring_page.conftest import Come

pytestmark = pytest.mark.asyncio(loop_scope="session")

PROGRAM = Path(sys.executable).with_name("ocpp-gateway")
PATIENT_MS = 60_000
"""The gateway, three consumers and all stations share a process, and the machine with the browser."""


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """What a running demo prints: the address of its page, and the token for commands."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("OCPP_")}
    process = subprocess.Popen(
        [PROGRAM, "demo", "--stations", "6", "--history-days", "1"],
        cwd=tmp_path,
        env=clean,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    said = ""
    for line in process.stdout:
        said += line
        if "6 connected" in line:
            break
    address = re.search(r"^Watch the fleet: +(\S+)$", said, re.MULTILINE)
    token = re.search(r"^Its commands want: +(\S+)$", said, re.MULTILINE)
    assert address, said
    assert token, said
    yield address[1], token[1]
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=90)
    assert process.returncode == 0, output


async def test_the_fleet_lives_and_a_station_is_reset_from_the_page(
    come: Come, demo: tuple[str, str]
) -> None:
    page, token = demo
    async with come(f"{page}/") as visit:
        await visit.go()
        tile = visit.page.locator(".tile", has_text="Stations online")
        await expect(tile).to_contain_text("6", timeout=PATIENT_MS)
        await expect(visit.page.locator(".tile", has_text="Sessions running")).to_contain_text(
            re.compile("[1-9]"), timeout=PATIENT_MS
        )
        await visit.go_to_station("SIM-201-00001")
        await expect(visit.page.locator(".event").first).to_be_visible(timeout=PATIENT_MS)
        dialog = visit.page.get_by_role("dialog")
        await visit.button("Reset").click()
        await dialog.get_by_label("Token").fill(token)
        await visit.button("Continue").click()
        await visit.button("Reset", within=dialog).click()
        await expect(dialog).to_contain_text("The station accepted", timeout=PATIENT_MS)
        await dialog.locator(".dialog-buttons").get_by_role("button", name="Close").click()
        await expect(visit.page.locator(".event", has_text="Reset").first).to_contain_text(
            "Accepted", timeout=PATIENT_MS
        )
        assert visit.faults == []
