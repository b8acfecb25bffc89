"""`ocpp-gateway serve`: the gateway as a process of its own, set up by the environment alone."""

from cli.families import loaded
from eventlog.port import LogUnavailable, RecordRefused
from gateway.app import Gateway
from gateway.settings import GatewaySettings
from service import logging
from service.run import run


def serve() -> None:
    """Let stations in and publish what they say, until SIGTERM or ctrl-C. `settings` shows what can be set."""
    settings = loaded(GatewaySettings)
    logging.configure(settings.log_level, settings.log_format)
    raise SystemExit(run(lambda: Gateway(settings), (OSError, ValueError, LogUnavailable, RecordRefused)))
