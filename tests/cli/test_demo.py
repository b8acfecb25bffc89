"""The demo shows whole sessions of all versions from the event log, and ends by itself or when asked."""

import re
import shlex
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from cli.demo.picture import Picture
from cli.demo.place import free_port
from tests.cli.conftest import Ran, Started

ROW = re.compile(r"^(1\.6|2\.0\.1|2\.1|all)\s+(\d+)\s+(\d+)\s+([\d.]+) kWh\s+(\d+)$", re.MULTILINE)


def test_sessions_of_all_versions_start_and_end(run: Ran) -> None:
    done = run("demo", "--seconds", "25", "--history-days", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {row[0]: row[1:] for row in ROW.findall(done.stdout)}
    assert set(rows) == {"1.6", "2.0.1", "2.1", "all"}
    for started, ended, kwh, events in rows.values():
        assert 0 < int(ended) <= int(started)
        assert float(kwh) > 0
        assert int(events) > 0
    assert "No errors." in done.stdout  # among which is: each session that ended has its record
    billed = re.search(
        r"^billing +(\d+) sessions in priced records: ([\d.]+) kWh, ([\d.]+) EUR", done.stdout, re.MULTILINE
    )
    assert billed, done.stdout
    assert billed[1] == rows["all"][1]
    assert float(billed[2]) == pytest.approx(float(rows["all"][2]), abs=0.1)
    assert float(billed[3]) > 0
    assert re.search(r"^alerting +[1-9]\d* alerts raised \(.*StationOffline", done.stdout, re.MULTILINE), (
        done.stdout
    )
    progress = [line.split(" s ")[0] for line in done.stdout.splitlines() if " connected  sessions: " in line]
    assert len(progress) == len(set(progress)) > 1, "no line stands twice"


def test_the_command_that_it_names_runs_in_another_terminal(run: Ran, tmp_path: Path) -> None:
    done = run("demo", "--seconds", "3", "--stations", "3", "--history-days", "0")
    said = re.search(r"^Watch the events: +(.+)$", done.stdout, re.MULTILINE)
    assert said, done.stdout + done.stderr
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    tail = subprocess.run(
        [*shlex.split(said[1]), "--from-beginning", "--json", "--count", "3"],
        cwd=elsewhere,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert len(tail.stdout.splitlines()) == 3, tail.stderr


def test_ctrl_c_ends_it_with_the_summary(start: Started) -> None:
    demo = start("demo", "--stations", "3", "--history-days", "0")
    assert demo.stdout
    for line in demo.stdout:
        if "3 connected" in line:
            break
    demo.send_signal(signal.SIGINT)
    output, errors = demo.communicate(timeout=30)
    assert demo.returncode == 0, output + errors
    assert "station.booted" in output
    assert "No errors." in output


def test_a_port_that_is_taken_is_left_alone() -> None:
    with socket.socket() as taken:
        taken.bind(("", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) not in {port, 0}
    assert free_port(port) == port


def event(name: str, **data: object) -> dict[str, object]:
    return {"type": f"ocpp.{name}", "subject": "CP-1", "ocppversion": "1.6", "data": data}


def test_the_picture_is_drawn_from_events_alone() -> None:
    picture = Picture()
    visit = {"id": "t1"}
    register = {"measurand": "Energy.Active.Import.Register", "unit": "Wh"}
    for one in (
        event("station.connected"),
        event("transaction.started", transaction=visit, meter={"startWh": 1000}),
        event("meter.sampled", transaction=visit, samples=[{**register, "value": 1500.5}]),
        event("meter.sampled", transaction=visit, samples=[{**register, "value": 9, "phase": "L1"}]),
        event("meter.sampled", transaction=visit, samples=[{**register}]),
        event("transaction.started", transaction={"id": "t2"}),
    ):
        picture.see(one)
    (row,) = picture.rows(("1.6",))
    assert (row.connected, row.running, row.started, row.ended, row.energy_wh) == (1, 2, 2, 0, 500.5)
    picture.see(event("transaction.ended", transaction=visit, meter={"stopWh": 3000}))
    picture.see(event("transaction.ended", transaction=visit, meter={"stopWh": 3000}))  # a retry
    picture.see(event("station.disconnected"))
    (row,) = picture.rows(("1.6",))
    assert (row.connected, row.running, row.ended, row.energy_wh) == (0, 1, 1, 2000)
    assert picture.events == row.events == 9


@pytest.mark.parametrize("name", ["station.frame_rejected", "station.unknown_action"])
def test_what_was_wrong_with_a_stations_words_is_an_error(name: str) -> None:
    picture = Picture()
    picture.see(event(name))
    assert picture.complaints == [f"CP-1: {name}"]
