"""The report: tables of medians, and what they say of the figures to reach."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.figures import median, ratio
from benchmarks.measurements import Throughput
from benchmarks.plan import LATENCY_CONNECTIONS, LATENCY_RATE, V201_CONNECTIONS, Results

FULL_SHARE = 0.9
"""A server that is asked as fast as it answers uses its whole core, unless the load or another program is in its way."""

Figure = Callable[[Throughput], float | None]


class Goal(NamedTuple):
    """A figure to reach, the measured one, and whether it was."""

    name: str
    bound: float
    measured: float | None
    at_most: bool

    @property
    def reached(self) -> bool | None:
        if self.measured is None:
            return None
        return self.measured <= self.bound if self.at_most else self.measured >= self.bound


def at(measured: Iterable[Throughput], connections: int, figure: Figure) -> float | None:
    """The median of a figure at so many connections; None where it was not measured."""
    figures = [figure(one) for one in measured if one.connections == connections]
    sample = [value for value in figures if value is not None]
    return median(sample) if sample else None


def rate(one: Throughput) -> float:
    return one.per_second


def cpu(one: Throughput) -> float | None:
    return one.cpu_us


def goals(results: Results) -> list[Goal]:
    """The figures to reach, all of them ratios within this run or memory."""

    def measured(name: str, connections: int, figure: Figure) -> float | None:
        return at(results.throughput.get(name, ()), connections, figure)

    found = []
    for gateway in ("gateway-kafka", "gateway-sqlite"):
        found += [
            Goal(
                f"{gateway}: CPU per message at 5,000 connections, times the echo's",
                4.0,
                ratio(measured(gateway, 5_000, cpu), measured("echo", 5_000, cpu)),
                at_most=True,
            ),
            Goal(
                f"{gateway}: messages/s at 1,000 connections, times ChargePoint with Kafka",
                6.0,
                ratio(measured(gateway, 1_000, rate), measured("chargepoint-kafka", 1_000, rate)),
                at_most=False,
            ),
            Goal(
                f"{gateway}: messages/s at 1,000 connections, times ChargePoint publishing nothing",
                4.0,
                ratio(measured(gateway, 1_000, rate), measured("chargepoint", 1_000, rate)),
                at_most=False,
            ),
        ]
        for kind, bound, memories in (
            ("plain", 25.0, results.memory_plain),
            ("TLS", 70.0, results.memory_tls),
        ):
            memory = memories.get(gateway)
            name = f"{gateway}: KB per idle connection, {kind}"
            found.append(Goal(name, bound, memory.kb_each if memory else None, at_most=True))
    return [goal for goal in found if goal.measured is not None]


def disturbed(results: Results) -> list[str]:
    """The measurements in which the server had no core of its own: something else ran on it."""
    return [
        f"{name} at {level:,} connections ({share:.0%} of its core)"
        for name, measured in results.throughput.items()
        for level in sorted({one.connections for one in measured})
        if (share := at(measured, level, lambda one: one.server_share) or 0.0) < FULL_SHARE
    ]


def headroom(results: Results) -> list[str]:
    """How much faster than each gateway the same load drove the echo: the load could have given more."""
    told = []
    for name in ("gateway-kafka", "gateway-sqlite"):
        for level in sorted({one.connections for one in results.throughput.get(name, ())}):
            gateway = at(results.throughput[name], level, rate)
            times = ratio(at(results.throughput.get("echo", ()), level, rate), gateway)
            if times is not None:
                told.append(f"{name} at {level:,}: {times:.1f}")
    return told


def number(value: float | None, digits: int = 0) -> str:
    return "—" if value is None else f"{value:,.{digits}f}"


def markdown(*columns: str) -> Table:
    """A table in Markdown; all but its first column are numbers."""
    table = Table(box=box.MARKDOWN)
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table


def _throughput(results: Results, levels: Sequence[int]) -> Table:
    headings = [f"{level:,} {what}" for level in levels for what in ("conn. msg/s", "CPU µs")]
    table = markdown("server", *headings, "x echo's CPU")
    top = max(levels, default=0)
    echo = at(results.throughput.get("echo", ()), top, cpu)
    for name, measured in results.throughput.items():
        cells = [
            cell
            for level in levels
            for cell in (number(at(measured, level, rate)), number(at(measured, level, cpu), 1))
        ]
        table.add_row(name, *cells, number(ratio(at(measured, top, cpu), echo), 2))
    return table


def _throughput_201(results: Results) -> Table:
    table = markdown("server", "messages/s", "CPU µs")
    for name, measured in results.throughput_201.items():
        figures = (at(measured, V201_CONNECTIONS, rate), at(measured, V201_CONNECTIONS, cpu))
        table.add_row(name, number(figures[0]), number(figures[1], 1))
    return table


def _load(results: Results, levels: Sequence[int]) -> Table:
    who = (
        ("server", lambda one: one.server_share),
        ("load", lambda one: one.generator_share),
        ("broker", lambda one: one.broker_share),
    )
    table = markdown("server", *(f"{level:,} {name}" for level in levels for name, _ in who))
    for name, measured in results.throughput.items():
        shares = [at(measured, level, share) for level in levels for _, share in who]
        table.add_row(name, *("—" if share is None else f"{share:.0%}" for share in shares))
    return table


def _latency(results: Results) -> Table:
    table = markdown("server", "messages/s", "p50", "p99", "max", "server's core")
    for name, measured in results.latency.items():
        if not measured:
            continue
        waits = (
            median([one.p50_ms for one in measured]),
            median([one.p99_ms for one in measured]),
            median([one.max_ms for one in measured]),
        )
        per_second = median([one.per_second for one in measured])
        share = median([one.server_share for one in measured])
        table.add_row(name, number(per_second), *(number(wait, 2) for wait in waits), f"{share:.0%}")
    return table


def _memory(results: Results) -> Table:
    table = markdown("server", "connections", "plain", "TLS", "base MB")
    for name in {**results.memory_plain, **results.memory_tls}:
        kinds = (results.memory_plain.get(name), results.memory_tls.get(name))
        one = kinds[0] or kinds[1]
        assert one is not None
        cells = (number(kind.kb_each if kind else None, 1) for kind in kinds)
        table.add_row(name, number(one.connections), *cells, number(one.base_mb))
    return table


def _stages(results: Results) -> Table:
    table = markdown("OCPP", *next(iter(results.stages.values()), {}), "all stages")
    for version, costs in results.stages.items():
        table.add_row(version, *(number(cost, 1) for cost in costs.values()), number(sum(costs.values()), 1))
    return table


def show_tables(console: Console, tables: Mapping[str, Table]) -> None:
    """Print every table that has rows, under its title."""
    for title, table in tables.items():
        if table.row_count:
            console.print(f"\n{title}", style="bold", highlight=False)
            console.print(table)


def show_goals(console: Console, goals: Sequence[Goal]) -> None:
    """Print the figures to reach, and whether they were."""
    table = markdown("figure", "bound", "measured", "reached")
    for goal in goals:
        bound = f"{'≤' if goal.at_most else '≥'} {goal.bound:g}"
        table.add_row(goal.name, bound, number(goal.measured, 2), "yes" if goal.reached else "NO")
    show_tables(console, {"Figures to reach": table})


def show(console: Console, results: Results, machine: Mapping[str, str]) -> None:
    """Print every table, and what is to be thought of them."""
    levels = sorted({one.connections for measured in results.throughput.values() for one in measured})
    wait = f"{LATENCY_RATE:,.0f} messages/s over {LATENCY_CONNECTIONS:,} connections"
    tables = {
        "Closed loop, OCPP 1.6: messages/s on one core, and CPU µs a message": _throughput(results, levels),
        "Who was the bottleneck: the shares of a core used (the server has one, load and broker the other)": _load(
            results, levels
        ),
        f"Closed loop, OCPP 2.0.1, {V201_CONNECTIONS:,} connections": _throughput_201(results),
        f"Open loop, {wait}: ms from when a message was due to its answer": _latency(results),
        "What the pure stages cost on their own, with warm caches: CPU µs a message": _stages(results),
        "Idle connections (connected and booted): KB each, over the process's base": _memory(results),
    }
    for name, value in machine.items():
        console.print(f"{name}: {value}", highlight=False)
    show_tables(console, tables)
    if told := headroom(results):
        console.print(
            "The same load drove the echo so many times as fast as " + "; ".join(told), highlight=False
        )
    if found := disturbed(results):
        console.print("Not to be trusted, other programs ran on the server's core: " + "; ".join(found))
    show_failed(console, results.failed)


def show_failed(console: Console, failed: Sequence[str]) -> None:
    """Print the parts of the run that have no figures, and why."""
    for part in failed:
        console.print(f"Not measured, {part}", style="bold red", highlight=False)
