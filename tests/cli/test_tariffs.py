"""`ocpp-gateway tariffs` as an operator uses it: a fault has its place, and a file that is loaded holds."""

import subprocess
from pathlib import Path

import pytest

FILE = """
country_code: DE
party_id: ABC
last_updated: 2026-01-01T00:00:00Z
tariffs:
  - id: standard
    currency: EUR
    elements: [{price_components: [{type: ENERGY, price: 0.40, vat: 19, step_size: 1}]}]
assignments: [{tariff: standard}]
"""


class Terminal:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "tariffs.yaml"
        self.file.write_text(FILE)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        program = Path(__file__).parents[2] / ".venv" / "bin" / "ocpp-gateway"
        return subprocess.run(
            [program, "tariffs", *words],
            cwd=self.folder,
            env={"PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


def test_a_file_is_loaded_and_listed(terminal: Terminal) -> None:
    assert "no tariffs" in terminal.run("list").stdout
    for version in (1, 2):
        done = terminal.run("load", "tariffs.yaml", "--from", "2026-01-01T00:00:00Z")
        assert (done.returncode, done.stdout) == (
            0,
            f"version {version}: 1 tariffs, for sessions that begin from 2026-01-01 00:00 UTC on\n",
        ), done.stderr
    lines = terminal.run("list").stdout.splitlines()
    assert [line[:40] for line in lines] == [
        "version 2  from 2026-01-01 00:00 UTC  lo",
        "version 1  from 2026-01-01 00:00 UTC  lo",
    ]
    assert "0.40 + 19 % VAT per kWh" in terminal.run("list", "--explain").stdout


def test_every_fault_is_told_with_its_place(terminal: Terminal) -> None:
    assert "standard, in EUR" in terminal.run("check", "tariffs.yaml").stdout
    terminal.file.write_text(FILE.replace("0.40", "-1").replace("tariff: standard", "tariff: other"))
    for command in ("check", "load"):
        done = terminal.run(command, "tariffs.yaml")
        assert done.returncode == 1
        assert "tariffs.yaml#/tariffs/0/elements/0/price_components/0/price" in done.stderr
    assert "no tariffs" in terminal.run("list").stdout


def test_a_time_that_is_none_and_a_file_that_is_not_there(terminal: Terminal) -> None:
    assert terminal.run("load", "tariffs.yaml", "--from", "tomorrow").returncode == 2
    assert terminal.run("check", "nowhere.yaml").returncode == 2
