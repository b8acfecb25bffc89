"""`ocpp-gateway settings`: every setting, in words for people or as JSON for programs."""

import json
import shutil
import textwrap
from typing import Annotated

import typer

from cli.families import HEADINGS, families, loaded
from service.settings import Setting


def settings(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one object for each setting.")] = False,
) -> None:
    """Print every setting with its default, its meaning and the value in force; secrets are masked."""
    tables = own_tables()
    if as_json:
        print(json.dumps([row._asdict() for rows in tables.values() for row in rows], indent=2))
        return
    width = min(shutil.get_terminal_size().columns, 110)
    for family, rows in tables.items():
        typer.echo(typer.style(f"# {HEADINGS.get(family, family)}", dim=True))
        for row in rows:
            typer.echo(typer.style(row.name, bold=True) + f"={row.value}" + _note(row))
            typer.echo(
                textwrap.fill(
                    f"{row.meaning} Allowed: {row.allowed}.",
                    width,
                    initial_indent="    ",
                    subsequent_indent="    ",
                )
            )


def own_tables() -> dict[str, list[Setting]]:
    """The settings of each family that no family before it has, or the end of the program with the faults of any."""
    told: set[str] = set()
    tables: dict[str, list[Setting]] = {}
    for name, family in families().items():
        rows = [row for row in loaded(family).table() if row.name not in told]
        told.update(row.name for row in rows)
        tables[name] = rows
    return tables


def _note(row: Setting) -> str:
    """The unit, and the default where it is not in force."""
    notes = [row.unit] if row.unit else []
    if row.value != row.default:
        notes.append(f"default {row.default or 'empty'}")
    return typer.style(f"  ({', '.join(notes)})", dim=True) if notes else ""
