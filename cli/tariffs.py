"""`ocpp-gateway tariffs`: what charging costs, judged before it holds, and kept for ever once it does."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.event_log import run_quietly
from cli.families import consumer, loaded
from cli.faults import USAGE, fail

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from consumers.billing.shelf import Loaded
    from consumers.billing.tariffs.book import TariffBook

tariffs = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

File = Annotated[Path, typer.Argument(metavar="FILE", show_default=False)]


@tariffs.command("check")
def check_tariffs(file: File) -> None:
    """Judge a file, and print what it says in words. Every fault is told with its place; exit code 1 where there is any."""
    from consumers.billing.tariffs.explaining import explained  # noqa: PLC0415 the help need not wait for it

    typer.echo(explained(_book(file)), nl=False)


@tariffs.command("load")
def load_tariffs(
    file: File,
    effective_from: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="TIME",
            help="Sessions that begin from then on (RFC 3339) use it; else from now on.",
        ),
    ] = None,
) -> None:
    """Make a file what holds, as a new version. Sessions that began before keep the version that held then."""
    from consumers.billing import shelf  # noqa: PLC0415

    book = _book(file)
    now = datetime.now(UTC)
    start = now if effective_from is None else _moment(effective_from)

    async def put(connection: Any) -> None:
        version = await shelf.put(connection, book, source=file.name, effective_from=start, loaded_at=now)
        typer.echo(
            f"version {version}: {len(book.tariffs)} tariffs, for sessions that begin from {start:%Y-%m-%d %H:%M} UTC on"
        )

    run_quietly(_with_database(put))


@tariffs.command("list")
def list_tariffs(
    *, explain: Annotated[bool, typer.Option("--explain", help="Each file in words.")] = False
) -> None:
    """Print the files that were loaded, the newest first."""
    from consumers.billing import shelf  # noqa: PLC0415
    from consumers.billing.tariffs.explaining import explained  # noqa: PLC0415

    async def show(connection: Any) -> None:
        found = await shelf.every(connection)
        for loaded_file in found:
            typer.echo(_line(loaded_file))
            if explain:
                typer.echo(explained(loaded_file.book))
        if not found:
            typer.echo("no tariffs are loaded: sessions cost nothing")

    run_quietly(_with_database(show))


async def _with_database(work: "Callable[[Any], Coroutine[Any, Any, None]]") -> None:
    """In one transaction on billing's database, which is made and brought up to date where it is not."""
    from consumers.runtime.database import Database  # noqa: PLC0415
    from consumers.runtime.migrations import upgrade  # noqa: PLC0415
    from consumers.runtime.transience import is_transient  # noqa: PLC0415

    billing = consumer("billing")
    database = Database(loaded(billing.settings).database)
    try:
        await database.open()
        await upgrade(database, billing.schema())
        async with database.transaction() as connection:
            await work(connection)
    except Exception as error:
        if not is_transient(error):
            raise
        fail(f"the database {database} cannot be used: {error}")
    finally:
        await database.close()


def _book(file: Path) -> "TariffBook":
    from consumers.billing.tariffs.book import TariffBook, read  # noqa: PLC0415

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        fail(f"{file} cannot be read: {error}", USAGE)
    book = read(text)
    if isinstance(book, TariffBook):
        return book
    for fault in book:
        typer.echo(f"{file}{fault.pointer and '#'}{fault.pointer}: {fault.why}", err=True)
    typer.echo(f"{len(book)} faults", err=True)
    raise typer.Exit(1)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"--from {text}: write a time like 2026-01-01T00:00:00Z", USAGE)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _line(one: "Loaded") -> str:
    names = ", ".join(sorted({tariff.id for tariff in one.book.tariffs}))
    return (
        f"version {one.version}  from {one.effective_from:%Y-%m-%d %H:%M} UTC  "
        f"loaded {one.loaded_at:%Y-%m-%d %H:%M} UTC  {one.source}: {names}"
    )
