"""How the demo looks: a live view on a terminal, plain lines elsewhere, and the summary at the end."""

import time
from collections import deque
from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from cli.demo.outcome import Outcome
from cli.demo.picture import Picture, Row, total
from cli.event_line import Lines

FEED_LINES = 12
TOO_MANY_TO_READ = ("ocpp.meter.sampled", "ocpp.station.heartbeat")
SPARK = "▁▂▃▄▅▆▇█"


class Feed:
    """The newest events as lines, without those that come too thick to be read."""

    def __init__(self) -> None:
        self._format = Lines()
        self._lines: deque[Text] = deque(maxlen=FEED_LINES)

    def add(self, event: dict[str, object]) -> None:
        if event.get("type") not in TOO_MANY_TO_READ:
            line = Text.from_ansi(self._format.line(event))
            line.no_wrap, line.overflow = True, "ellipsis"
            self._lines.append(line)

    def __rich__(self) -> RenderableType:
        missing = FEED_LINES - len(self._lines)
        return Panel(
            Group(*self._lines, *[Text()] * missing), title="events", title_align="left", style="dim"
        )


def live(
    picture: Picture, outcome: Outcome, feed: Feed, versions: tuple[str, ...], *, heading: str, footing: str
) -> RenderableType:
    """The whole screen."""
    rate = Text.assemble(
        (f"{picture.events_per_second:.0f}", "bold"),
        " events/s  ",
        (_spark(picture), "green"),
        f"   {picture.events} in the log",
    )
    if picture.complaints:
        rate.append(f"   {len(picture.complaints)} errors", style="bold red")
    return Group(
        Text(heading, style="bold"),
        _table(picture.rows(versions)),
        Text(),
        rate,
        Text(outcome.in_a_line()),
        feed,
        Text(footing, style="dim"),
    )


def progress(picture: Picture, outcome: Outcome, versions: tuple[str, ...], seconds: float) -> str:
    """The same in a line, where there is no terminal."""
    row = total(list(picture.rows(versions)))
    return (
        f"{seconds:4.0f} s  {row.connected} connected  sessions: {row.running} running, {row.ended} ended  "
        f"{row.energy_wh / 1000:.1f} kWh  {picture.events_per_second:.0f} events/s  "
        f"{len(outcome.sessions)} records, {outcome.cost or 'no cost'}  {outcome.raised.total()} alerts  "
        f"{len(picture.complaints)} errors"
    )


def summary(
    console: Console, picture: Picture, outcome: Outcome, versions: tuple[str, ...], errors: list[str]
) -> None:
    """What happened, by version and by type, what the consumers made of it, and what went wrong."""
    console.print()
    console.print(_table(picture.rows(versions), at_the_end=True))
    console.print()
    by_type = Table("Event", box=None, pad_edge=False, header_style="bold")
    by_type.add_column("Count", justify="right")
    for name, count in sorted(picture.by_type.items(), key=lambda item: -item[1]):
        by_type.add_row(name, str(count))
    console.print(by_type)
    console.print()
    console.print(_consequences(outcome))
    console.print()
    console.print("[green]No errors.[/]" if not errors else f"[red]{len(errors)} errors:[/]")
    for error in errors[:20]:
        console.print(f"  {error}", markup=False, highlight=False, soft_wrap=True)


def _consequences(outcome: Outcome) -> Table:
    table = Table("What became of it", "", box=None, pad_edge=False, header_style="bold")
    kwh = sum(outcome.sessions.values()) / 1000
    table.add_row(
        "billing",
        f"{len(outcome.sessions)} sessions in priced records: {kwh:.3f} kWh, {outcome.cost or 'no cost'}",
    )
    guesses = ", ".join(f"{flag} {count}" for flag, count in outcome.flags.most_common())
    table.add_row("", f"{outcome.credits} credited; guessed: {guesses or 'nothing'}")
    rules = ", ".join(f"{rule} {count}" for rule, count in outcome.raised.most_common())
    table.add_row(
        "alerting",
        f"{outcome.raised.total()} alerts raised ({rules or 'by no rule'}), {len(outcome.standing)} still stand",
    )
    return table


def _table(rows: Iterable[Row], *, at_the_end: bool = False) -> Table:
    rows = list(rows)
    table = Table("OCPP", box=None, pad_edge=False, header_style="bold", expand=False)
    now = ("Started", "Ended") if at_the_end else ("Connected", "Running", "Ended")
    for heading in (
        *(f"Sessions {word.lower()}" if word != "Connected" else word for word in now),
        "Energy",
        "Events",
    ):
        table.add_column(heading, justify="right")
    for row in (*rows, total(rows)):
        counts = (row.started, row.ended) if at_the_end else (row.connected, row.running, row.ended)
        style = "bold" if row.version == "all" else ""
        table.add_row(
            row.version, *map(str, counts), f"{row.energy_wh / 1000:.1f} kWh", str(row.events), style=style
        )
    return table


def _spark(picture: Picture) -> str:
    now = int(time.monotonic())
    counts = dict(picture.per_second)
    seconds = [counts.get(second, 0) for second in range(now - 30, now)]
    highest = max(*seconds, 1)
    return "".join(SPARK[count * (len(SPARK) - 1) // highest] for count in seconds)
