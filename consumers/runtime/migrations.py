"""Alembic, run by the program itself: each consumer has its own scripts and its own version table.

Members that start at once queue for one lock: PostgreSQL's advisory lock, SQLite's writer's lock. All scripts
that are due run in one transaction, so a database is never between two versions.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from consumers.runtime.database import Database
from consumers.runtime.schema import Schema

LOCK = text("SELECT pg_advisory_xact_lock(hashtext(:name))")


class Status(NamedTuple):
    """Which revision a database is at (None: no table yet), and which the program needs (None: it has no scripts)."""

    current: str | None
    needed: str | None

    @property
    def is_due(self) -> bool:
        """Whether the migrations between them are yet to be run."""
        return self.current != self.needed


async def upgrade(database: Database, schema: Schema) -> Status:
    """Bring the database to what the program needs; what it was before."""
    async with database.transaction() as connection:
        if connection.dialect.name == "postgresql":
            await connection.execute(LOCK, {"name": _version_table(schema)})
        return await connection.run_sync(_upgrade, schema)


async def status(database: Database, schema: Schema) -> Status:
    """Where the database stands; changes nothing."""
    async with database.reading() as connection:
        return await connection.run_sync(_status, schema)


async def differences(database: Database, schema: Schema) -> list[Any]:
    """What the migrations made otherwise than the tables are declared, in Alembic's words; empty when all is well."""
    async with database.reading() as connection:
        return await connection.run_sync(_differences, schema)


def _upgrade(connection: Connection, schema: Schema) -> Status:
    before = _status(connection, schema)
    scripts = _scripts(schema)
    if scripts is None:
        schema.metadata.create_all(connection)
        return before

    def due(revision: Any, _context: MigrationContext) -> Iterable[Any]:
        return scripts._upgrade_revs("heads", revision)  # noqa: SLF001 what Alembic's own `upgrade` command calls

    with EnvironmentContext(Config(), scripts, fn=due) as environment:
        environment.configure(connection=connection, version_table=_version_table(schema))
        with environment.begin_transaction():
            environment.run_migrations()
    return before


def _status(connection: Connection, schema: Schema) -> Status:
    context = MigrationContext.configure(connection, opts={"version_table": _version_table(schema)})
    scripts = _scripts(schema)
    return Status(context.get_current_revision(), None if scripts is None else scripts.get_current_head())


def _differences(connection: Connection, schema: Schema) -> list[Any]:
    def ours(thing: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:  # noqa: FBT001 Alembic's signature
        del thing
        return kind != "table" or (str(name).startswith(f"{schema.name}_") and name != _version_table(schema))

    context = MigrationContext.configure(
        connection, opts={"version_table": _version_table(schema), "include_object": ours}
    )
    return list(compare_metadata(context, schema.metadata))


def _scripts(schema: Schema) -> ScriptDirectory | None:
    if schema.migrations is None:
        return None
    return ScriptDirectory(str(schema.migrations), version_locations=[str(schema.migrations)])


def _version_table(schema: Schema) -> str:
    return f"{schema.name}_alembic"
