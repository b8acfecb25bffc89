"""`ocpp-gateway alerts`: rules judged and tried out before they hold, and the alerts that stand."""

import contextlib
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cli.event_log import DEFAULT, Address, opened, run_quietly
from cli.families import consumer, loaded
from cli.faults import USAGE, fail
from contract.alerts import AlertFact, AlertResolved, fact_of
from contract.topics import ALERTS

alerts = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

File = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]

WORST_FIRST = ("critical", "warning", "info")


@alerts.command("check")
def check_rules(file: File) -> None:
    """Judge a rules file; every fault is told with its line. Exit code 1 where there is any."""
    from consumers.alerting.reading import read_rules  # noqa: PLC0415 the help need not wait for it
    from consumers.alerting.yaml_nodes import Faults  # noqa: PLC0415

    try:
        rules = read_rules(_text(file))
    except Faults as faults:
        _print_faults(file, faults.faults)
        raise typer.Exit(1) from None
    typer.echo(f"{file}: {len(rules)} rules")


@alerts.command("test")
def test_rules(file: File) -> None:
    """Run the tests of a file: events that happen, and the alerts that are to stand. Exit code 1 where one fails."""
    from consumers.alerting.rule_tests import failures, read_tests  # noqa: PLC0415
    from consumers.alerting.yaml_nodes import Faults  # noqa: PLC0415

    try:
        rules, tests = read_tests(_text(file), file.parent)
    except Faults as faults:
        _print_faults(file, faults.faults)
        raise typer.Exit(USAGE) from None
    except OSError as error:
        fail(f"{file}: the rules cannot be read: {error}", USAGE)
    failed = 0
    for test in tests:
        wrong = list(failures(rules, test))
        failed += bool(wrong)
        typer.echo(f"{'failed' if wrong else 'passed'}  {test.name}")
        for line in wrong:
            typer.echo(f"        {line}")
    typer.echo(f"{len(tests)} tests, {failed} failed")
    raise typer.Exit(int(failed > 0))


@alerts.command("list")
def list_alerts(
    *,
    from_log: Annotated[
        bool, typer.Option("--from-log", help=f"Read {ALERTS.name} instead of the consumer's database.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    event_log: Address = DEFAULT,
) -> None:
    """Print the alerts that stand, the worst first. The log knows no alert that is older than its retention."""
    found: list[AlertFact] = []
    if from_log:
        run_quietly(_read_log(event_log, found))
    else:
        run_quietly(_read_database(_address(), found))
    for fact in sorted(found, key=_worst_first):
        typer.echo(msgspec.json.encode(fact) if as_json else _line(fact))
    if not found and not as_json:
        typer.echo("no alert stands")


def _address() -> str:
    """Where the consumer's database is. Reading a path that was mistyped should not make an empty file there."""
    address = loaded(consumer("alerting").settings).database
    path = Path(address.partition(":///")[2])
    if address.startswith("sqlite") and not path.exists():
        fail(f"there is no database {path} yet: start `ocpp-gateway consume alerting` first, or --from-log")
    return address


async def _read_database(address: str, found: list[AlertFact]) -> None:
    from consumers.alerting.listing import standing_alerts  # noqa: PLC0415
    from consumers.runtime.database import Database  # noqa: PLC0415
    from consumers.runtime.transience import is_transient  # noqa: PLC0415

    database = Database(address)
    try:
        await database.open()
        found += await standing_alerts(database)
    except Exception as error:
        if not is_transient(error):
            raise
        fail(f"the database {database} cannot be used: {error}")
    finally:
        await database.close()


async def _read_log(address: str, found: list[AlertFact]) -> None:
    standing: dict[str, AlertFact] = {}
    async with opened(address) as log, contextlib.aclosing(log.read([ALERTS.name])) as records:
        async for stored in records:
            if stored.record.value is None:
                continue
            with contextlib.suppress(KeyError, ValueError):  # of a version that is not known here
                fact = fact_of(list(stored.record.headers), stored.record.value)
                standing.pop(fact.alert, None)
                if not isinstance(fact, AlertResolved):
                    standing[fact.alert] = fact
    found += standing.values()


def _worst_first(fact: AlertFact) -> tuple[int, str, str]:
    return WORST_FIRST.index(fact.severity), fact.raised_at.isoformat(), fact.alert


def _line(fact: AlertFact) -> str:
    since = fact.raised_at.strftime("%Y-%m-%d %H:%M")
    return f"{since}  {fact.severity:8}  {fact.rule:24}  {fact.annotations['summary']}"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}", USAGE)


def _print_faults(file: Path, faults: Iterable[object]) -> None:
    for fault in faults:
        print(f"{file}: {fault}", file=sys.stderr)
