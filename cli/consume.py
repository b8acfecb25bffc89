"""`ocpp-gateway consume`: a consumer as a process of its own, set up by the environment alone."""

from typing import Annotated

import typer

from cli.families import CONSUMERS, consumer, loaded
from service import logging
from service.run import run


def consume(
    name: Annotated[str, typer.Argument(metavar="NAME", help=f"One of {', '.join(CONSUMERS)}.")],
) -> None:
    """Take events in, until SIGTERM or ctrl-C. `settings` shows what can be set."""
    found = consumer(name)
    settings = loaded(found.settings)
    logging.configure(settings.log_level, settings.log_format)
    # Imported here, because of the help, and of a mistake in the settings, one wants to read at once.
    from consumers.runtime.process import EXPECTED, ConsumerProcess  # noqa: PLC0415

    raise SystemExit(run(lambda: ConsumerProcess(found.schema(), settings, found.make()), EXPECTED))
