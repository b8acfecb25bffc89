import io

from rich.console import Console

from benchmarks.measurements import Latency, Memory, Throughput
from benchmarks.plan import Results
from benchmarks.report import at, cpu, disturbed, goals, headroom, rate, show


def throughput(connections: int, per_second: float, cpu_us: float | None) -> Throughput:
    return Throughput(connections, per_second, cpu_us, 1.0, 0.5, None)


def results() -> Results:
    measured = Results()
    measured.throughput["echo"] += [throughput(5_000, 30_000, 30.0), throughput(5_000, 28_000, 34.0)]
    measured.throughput["chargepoint"] += [throughput(1_000, 2_500, 400.0)]
    measured.throughput["gateway-kafka"] += [throughput(1_000, 10_000, 90.0), throughput(5_000, 8_000, 160.0)]
    measured.latency["echo"] += [Latency(5_000, 0.2, 1.0, 3.0, 0.2)]
    measured.memory_plain["gateway-kafka"] = Memory(5_000, 80.0, 21.5)
    measured.memory_tls["gateway-kafka"] = Memory(5_000, 80.0, 61.5)
    return measured


def test_a_figure_is_the_median_of_its_rounds() -> None:
    assert at(results().throughput["echo"], 5_000, cpu) == 32.0
    assert at(results().throughput["echo"], 1_000, rate) is None


def test_a_server_that_answered_nothing_has_no_cpu_per_message() -> None:
    assert at([throughput(100, 0.0, None)], 100, cpu) is None


def test_a_server_without_a_core_of_its_own_is_named() -> None:
    measured = Results()
    measured.throughput["echo"] += [Throughput(100, 9_000, 30.0, 0.4, 0.2, None)]
    measured.throughput["gateway-kafka"] += [throughput(100, 9_000, 90.0)]
    assert disturbed(measured) == ["echo at 100 connections (40% of its core)"]


def test_the_load_s_headroom_is_the_echo_s_rate_over_the_gateway_s() -> None:
    assert headroom(results()) == ["gateway-kafka at 5,000: 3.6"]  # no echo was measured at 1,000


def test_goals_are_judged_by_the_ratios_of_the_run() -> None:
    judged = {goal.name: (goal.measured, goal.reached) for goal in goals(results())}
    assert judged == {
        "gateway-kafka: CPU per message at 5,000 connections, times the echo's": (5.0, False),
        "gateway-kafka: messages/s at 1,000 connections, times ChargePoint publishing nothing": (4.0, True),
        "gateway-kafka: KB per idle connection, plain": (21.5, True),
        "gateway-kafka: KB per idle connection, TLS": (61.5, True),
    }


def test_the_report_is_markdown_with_every_figure() -> None:
    paper = io.StringIO()
    show(Console(file=paper, width=160), results(), {"machine": "a test"})
    printed = paper.getvalue()
    assert "machine: a test" in printed
    rows = [
        [cell.strip() for cell in line.strip("|\n").split("|")]
        for line in printed.splitlines()
        if "|" in line
    ]
    assert ["gateway-kafka", "10,000", "90.0", "8,000", "160.0", "5.00"] in rows
    assert ["echo", "5,000", "0.20", "1.00", "3.00", "20%"] in rows
    assert ["gateway-kafka", "5,000", "21.5", "61.5", "80"] in rows
    assert "OCPP 2.0.1" not in printed  # nothing was measured, nothing is printed
