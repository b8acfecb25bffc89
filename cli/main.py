"""`ocpp-gateway`: finds the command that is meant, and imports only that one, so that help is there at once."""

import importlib
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Annotated

import typer

ABOUT: dict[str, str] = {
    "demo": "Gateway, simulated stations and an event log in one command, with a live view.",
    "serve": "Let stations in and publish what they say.",
    "consume": "Take events in: billing, monitoring or alerting.",
    "tail": "Print events as they come.",
    "simulate": "Stations that behave like real ones, against any OCPP server.",
    "command": "Have a station do something, and print the result.",
    "stations": "Print who is connected where.",
    "tariffs": "Judge and load what charging costs, or print what is loaded.",
    "alerts": "Judge and try out alert rules, or print the alerts that stand.",
    "topics": "Create the topics of the event log, or list them.",
    "database": "Bring a consumer's database up to date, or see whether it is.",
    "settings": "Print every setting with its default, its meaning and the value in force.",
}
"""The commands, in the order of the help. Each is the function or the Typer of that name in `cli.<name>`."""


def main() -> None:
    """Where the program starts."""
    program(sys.argv[1:])(prog_name="ocpp-gateway")


def program(arguments: Sequence[str]) -> typer.Typer:
    """The program with the command that these arguments mean; of the others only their line in the help."""
    app = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(ocpp_gateway)
    meant = next((word for word in arguments if not word.startswith("-")), None)
    for name, about in ABOUT.items():
        command = getattr(importlib.import_module(f"cli.{name}"), name) if name == meant else _another
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name, help=about)
        else:
            app.command(name, help=None if name == meant else about)(command)
    return app


def _another() -> None:
    """Stand in the help for a command that is not meant."""


def _print_version(asked: bool) -> None:
    if asked:
        print(f"ocpp-gateway {version('ocpp-gateway')}")
        raise typer.Exit


def ocpp_gateway(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """OCPP 1.6J, 2.0.1 and 2.1 in; one version-free stream of events out."""
