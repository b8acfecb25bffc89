"""`ocpp-gateway demo`: the whole system in one terminal. `command` sets it up, `show` runs it, `view` draws it."""

from cli.demo.command import demo

__all__ = ["demo"]
