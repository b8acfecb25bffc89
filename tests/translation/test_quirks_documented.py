"""docs/quirks.md names every code that a golden file shows, and no other."""

import json
import re
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "quirks.md"


def _of_messages() -> str:
    return PAGE.read_text().partition("| code of the handshake |")[0]


def test_the_page_and_the_golden_files_know_the_same_codes() -> None:
    rows = [line.split("|")[1] for line in _of_messages().splitlines() if line.startswith("| `")]
    documented = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    shown = {
        code
        for file in (HERE / "golden").glob("*/*.json")
        for case in json.loads(file.read_text())
        for published in case["published"]
        for code in published["data"].get("quirks", [])
        if not code.startswith("schema:")
    }
    assert documented == shown
