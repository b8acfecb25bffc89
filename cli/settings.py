"""`ocpp-gateway settings`: every setting, in words for people or as JSON for programs."""

import json
import shutil
import textwrap
from typing import Annotated

import typer

from cli.configured import or_exit
from gateway.settings import GatewaySettings
from service.settings import Setting


def settings(
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one object for each setting.")] = False,
) -> None:
    """Print every setting with its default, its meaning and the value in force; secrets are masked."""
    rows = or_exit(GatewaySettings.load).table()
    if as_json:
        print(json.dumps([row._asdict() for row in rows], indent=2))
        return
    width = min(shutil.get_terminal_size().columns, 110)
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


def _note(row: Setting) -> str:
    """The unit, and the default where it is not in force."""
    notes = [row.unit] if row.unit else []
    if row.value != row.default:
        notes.append(f"default {row.default or 'empty'}")
    return typer.style(f"  ({', '.join(notes)})", dim=True) if notes else ""
