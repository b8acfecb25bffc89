"""The families of settings: the gateway's, and each consumer's. One environment may hold those of all of them."""

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from cli.configured import or_exit
from cli.faults import USAGE, fail
from consumers.runtime.settings import ConsumerSettings
from gateway.settings import GatewaySettings
from service.settings import Settings

if TYPE_CHECKING:
    from consumers.runtime.process import Make
    from consumers.runtime.schema import Schema

Loaded = TypeVar("Loaded", bound=Settings)

CONSUMERS: Mapping[str, str] = {
    "billing": "BillingSettings",
    "monitoring": "MonitoringSettings",
    "alerting": "AlertingSettings",
}
"""The consumers that come with the program, each in `consumers.<name>`, and the class of its settings."""

HEADINGS: Mapping[str, str] = {
    "gateway": "The gateway",
    "consumers": "All consumers",
    "billing": "Billing",
    "monitoring": "Monitoring",
    "alerting": "Alerting",
}
"""The families as people call them."""


class Consumer(NamedTuple):
    """One of them; what it needs beyond its settings is imported only when it is asked for."""

    name: str

    @property
    def settings(self) -> type[ConsumerSettings]:
        """The class of its settings."""
        module = importlib.import_module(f"consumers.{self.name}.settings")
        found: type[ConsumerSettings] = getattr(module, CONSUMERS[self.name])
        return found

    def schema(self) -> "Schema":
        """Its tables."""
        found: Schema = importlib.import_module(f"consumers.{self.name}.tables").SCHEMA
        return found

    def make(self) -> "Make[Any]":
        """What makes it."""
        found: Make[Any] = importlib.import_module(f"consumers.{self.name}.app").make
        return found


def consumer(name: str) -> Consumer:
    """The consumer of that name, or the end of the program."""
    if name not in CONSUMERS:
        fail(f"there is no consumer {name!r}: {', '.join(CONSUMERS)}", USAGE)
    return Consumer(name)


def families() -> dict[str, type[Settings]]:
    """The class of every family's settings, by the family's name."""
    return {
        "gateway": GatewaySettings,
        "consumers": ConsumerSettings,
        **{name: Consumer(name).settings for name in CONSUMERS},
    }


def loaded(family: type[Loaded], **overrides: Any) -> Loaded:
    """The settings of a family, or the end of the program with every fault; others' names are no faults."""
    return or_exit(lambda: family.load(*families().values(), **overrides))
