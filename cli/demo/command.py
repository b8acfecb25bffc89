"""The command line of the demo, and what it sets up: free ports, a fresh log, settings for a fast fleet."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from cli.demo.place import free_port
from cli.demo.show import Demo
from cli.families import loaded
from gateway.settings import GatewaySettings
from service.run import run_until_signal


def demo(
    stations: Annotated[int, typer.Option(min=1, max=1000, help="How many stations.")] = 20,
    seconds: Annotated[float | None, typer.Option(min=1, help="End after this time; else at ctrl-C.")] = None,
    history_days: Annotated[
        int, typer.Option(min=0, max=7, help="Days of past sessions that are written before the start.")
    ] = 7,
) -> None:
    """Watch stations of all OCPP versions boot, charge and leave; ends with a summary."""
    port, internal_port, page_port = free_port(9000), free_port(9100), free_port(9180)
    if port != 9000:
        typer.echo(f"Port 9000 is taken; stations connect on {port}.")
    file = Path("var").absolute() / f"ocpp-demo-{port}.db"  # the port is ours alone, so the file is too
    settings = loaded(
        GatewaySettings,
        port=port,
        internal_host="127.0.0.1",
        internal_port=internal_port,
        api_token=secrets.token_hex(8),
        event_log=f"sqlite:///{file}",
        heartbeat_seconds=10,
        drain_grace_seconds=0,
        drain_seconds=1,
    )
    show = Demo(
        settings,
        stations=stations,
        seconds=seconds,
        history_days=history_days,
        file=file,
        page_port=page_port,
    )
    raise SystemExit(run_until_signal(show.run))
