"""`ocpp-gateway database`: brings a consumer's database to what the program needs, or says where it stands."""

import asyncio
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from cli.families import CONSUMERS, consumer, loaded
from cli.faults import fail

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from consumers.runtime.database import Database

database = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

Name = Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(CONSUMERS)}.")]
Result = TypeVar("Result")


@database.command("upgrade")
def upgrade_database(name: Name) -> None:
    """Run the migrations that are due. A consumer does this itself when it starts."""
    from consumers.runtime.migrations import upgrade  # noqa: PLC0415 the help need not wait for it

    schema = consumer(name).schema()
    was = _with(name, lambda opened: upgrade(opened, schema))
    typer.echo(
        f"{name}: {was.needed or 'no migrations'}" + (f", was {_shown(was.current)}" if was.is_due else "")
    )


@database.command("status")
def status_of_database(name: Name) -> None:
    """Print the revision that the database has, and the one that the program needs; exit code 1 where they differ."""
    from consumers.runtime.migrations import status  # noqa: PLC0415 the help need not wait for it

    schema = consumer(name).schema()
    found = _with(name, lambda opened: status(opened, schema))
    typer.echo(
        f"{name}: {_shown(found.current)}" + (f", needs {found.needed}" if found.is_due else ", up to date")
    )
    raise typer.Exit(int(found.is_due))


def _with(name: str, work: "Callable[[Database], Awaitable[Result]]") -> Result:
    """What comes of it on the consumer's database, or the end of the program with a line that says why not."""
    from consumers.runtime.database import Database  # noqa: PLC0415
    from consumers.runtime.transience import is_transient  # noqa: PLC0415

    opened = Database(loaded(consumer(name).settings).database)

    async def run() -> Result:
        try:
            await opened.open()
            return await work(opened)
        finally:
            await opened.close()

    try:
        return asyncio.run(run())
    except Exception as error:
        if not is_transient(error):
            raise
        fail(f"the database {opened} cannot be used: {error}")


def _shown(revision: str | None) -> str:
    return revision or "empty"
