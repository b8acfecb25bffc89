"""The report on commands: its tables, and the figures to reach."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from benchmarks.commands.plan import CommandResults
from benchmarks.commands.relaying import Relay, Waits
from benchmarks.figures import ratio
from benchmarks.report import Goal, markdown, number, show_failed, show_tables

P99_AT = 100.0
"""Commands a second at which the wait is bounded."""
GROWTH = 1.25
"""A command may cost so many times as much with the most gateways as with two: what differs is noise, no trend."""


def goals(results: CommandResults) -> list[Goal]:
    """The figures to reach, of what was measured."""
    return [*_relayed(results.alone), *_shared(results.shared), *_restored(results)]


def _relayed(alone: list[Relay]) -> Iterator[Goal]:
    for one in alone:
        rate = f"{one.commands_per_second:,.0f} commands/s"
        if one.events_per_second:
            name = f"{rate} beside {one.events_per_second:,.0f} messages/s on one core: left behind"
            yield Goal(name, 0, one.behind, at_most=True)
        elif one.commands_per_second == P99_AT:
            yield Goal(f"{rate}: p99 from due to the station, ms", 50, one.to_station.p99_ms, at_most=True)


def _shared(shared: list[Relay]) -> Iterator[Goal]:
    several = [one for one in shared if one.gateways > 1 and one.cpu_us is not None]
    if len(several) > 1:
        few, many = several[0], several[-1]
        name = f"CPU of a command with {many.gateways} gateways, times that with {few.gateways}"
        yield Goal(name, GROWTH, ratio(many.cpu_us, few.cpu_us), at_most=True)
        name = f"MB of a gateway among {many.gateways}, times that among {few.gateways}"
        yield Goal(name, 1, max(many.resident_mb) / max(few.resident_mb), at_most=True)


def _restored(results: CommandResults) -> Iterator[Goal]:
    if results.restore is not None:
        name = f"{results.restore.stations:,} stations restored"
        yield Goal(f"{name}: s", 10, results.restore.seconds, at_most=True)
        yield Goal(f"{name}: MB at the peak", 40, results.restore.peak_mb, at_most=True)


def _waits(alone: list[Relay]) -> Table:
    table = markdown(
        "commands/s",
        "messages/s",
        "to station p50",
        "p99",
        "max",
        "to result p50",
        "p99",
        "message p50",
        "p99",
    )
    for one in alone:
        table.add_row(
            number(one.commands_per_second),
            number(one.events_per_second),
            *_cells(one.to_station, "p50_ms", "p99_ms", "max_ms"),
            *_cells(one.to_result, "p50_ms", "p99_ms"),
            *_cells(one.events, "p50_ms", "p99_ms"),
        )
    return table


def _cells(waits: Waits | None, *names: str) -> list[str]:
    return [number(None if waits is None else getattr(waits, name), 1) for name in names]


def _costs(relays: list[Relay]) -> Table:
    table = markdown(
        "gateways",
        "commands/s",
        "messages/s",
        "CPU µs",
        "without commands",
        "with",
        "broker",
        "load",
        "MB each",
        "left behind",
    )
    for one in relays:
        broker = "—" if one.broker_share is None else f"{one.broker_share:.0%}"
        least, most = min(one.resident_mb), max(one.resident_mb)
        table.add_row(
            str(one.gateways),
            number(one.commands_per_second),
            number(one.events_per_second),
            number(one.cpu_us),
            f"{one.baseline_share:.0%}",
            f"{one.gateway_share:.0%}",
            broker,
            f"{one.load_share:.0%}",
            number(most) if len(one.resident_mb) == 1 else f"{least:.0f} to {most:.0f}",
            str(one.behind),
        )
    return table


def _restores(results: CommandResults) -> Table:
    table = markdown("stations", "seconds", "MB kept", "MB at the peak")
    if (one := results.restore) is not None:
        cells = (number(one.seconds, 1), number(one.kept_mb, 1), number(one.peak_mb, 1))
        table.add_row(number(one.stations), *cells)
    return table


def show(console: Console, results: CommandResults) -> None:
    """Print every table that has rows."""
    relays = [*results.alone, *results.shared]
    tables = {
        "Commands, one gateway: ms from when each was due to its CALL at the station, and to its result in the log": _waits(
            results.alone
        ),
        "Commands: CPU µs of one, over all gateways; the shares of a core without and with them (the gateways have "
        "one, load and broker the other); commands left behind": _costs(relays),
        "Presence restored": _restores(results),
    }
    show_tables(console, tables)
    show_failed(console, results.failed)
