"""How a simulation looks: two live lines while it runs, and the summary by version at its end."""

import time
from collections import deque

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.statistics import Statistics

RATE_SECONDS = 5.0

COUNTS = {
    "stations": "stations",
    "connections": "connections",
    "refused or failed connects": "connects_failed",
    "boots": "boots",
    "sessions started": "sessions_started",
    "sessions ended": "sessions_ended",
    "messages sent": "sent",
    "answered": "answered",
    "errors": "errors",
    "timeouts": "timeouts",
    "connection lost meanwhile": "disconnected",
    "given up": "dropped",
    "left over": "queued",
    "commands obeyed": "commands",
}
ALWAYS_SHOWN = {"sessions_started", "sessions_ended", "errors", "timeouts", "queued"}


class Progress:
    """The live lines: whoever renders them gets the state of that moment."""

    def __init__(self, statistics: Statistics, seconds: float | None) -> None:
        self._statistics = statistics
        self._seconds = seconds
        self._began = time.monotonic()
        self._sent: deque[tuple[float, int]] = deque([(self._began, 0)])

    def __rich__(self) -> RenderableType:
        total, now = self._statistics.total, time.monotonic()
        until = "" if self._seconds is None else f" of {self._seconds:.0f}"
        text = Text.assemble(
            (f"{now - self._began:.0f}{until} s", "bold"),
            f"   {total.connected} of {total.stations} stations connected",
            f"   {total.charging} charging, {total.sessions_ended} sessions ended",
            f"   {total.energy_wh / 1000:.1f} kWh\n",
            (f"{self._per_second(now, total.sent):.0f} messages/s", "bold"),
            f"   {total.answered} answered   {_answer_times(self._statistics)}",
        )
        if total.queued:
            text.append(f"   {total.queued} kept")
        if total.failures:
            text.append(f"   {total.failures} errors", style="bold red")
        return text

    def _per_second(self, now: float, sent: int) -> float:
        """Over the last seconds, so that it is steady enough to be read."""
        self._sent.append((now, sent))
        while len(self._sent) > 2 and now - self._sent[0][0] > RATE_SECONDS:
            self._sent.popleft()
        since, before = self._sent[0]
        return (sent - before) / max(now - since, 0.001)


def summary(console: Console, statistics: Statistics) -> None:
    """What happened, by version, and what went wrong."""
    shown = {version: tally for version, tally in statistics.by_version.items() if tally.stations}
    tallies = [*shown.values(), statistics.total]
    table = Table("OCPP", box=None, pad_edge=False, header_style="bold")
    for heading in (*shown, "all"):
        table.add_column(heading, justify="right", min_width=8)
    for heading, field in COUNTS.items():
        counts = [getattr(tally, field) for tally in tallies]
        if any(counts) or field in ALWAYS_SHOWN:
            table.add_row(heading, *map(str, counts))
    table.add_row("energy (kWh)", *(f"{tally.energy_wh / 1000:.1f}" for tally in tallies))
    console.print(table)
    console.print(_answer_times(statistics))
    for code, count in sorted(statistics.total.error_codes.items()):
        console.print(f"{count} x {code}", style="red")


def _answer_times(statistics: Statistics) -> str:
    times = (statistics.latencies.percentile_ms(percent) for percent in (50, 99))
    p50, p99 = ("-" if ms is None else f"{ms:.1f} ms" for ms in times)
    return f"answers p50 {p50}, p99 {p99}"
