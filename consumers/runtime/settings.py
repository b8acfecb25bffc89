"""The settings of a consumer: what all have, and the two that each has under a name of its own.

A subclass says its `name` and declares `<name>_database` and `<name>_internal_port`, so that the variables
of all programs of a deployment can stand in one environment:

    class BillingSettings(ConsumerSettings):
        name: ClassVar[str] = "billing"
        billing_database: DatabaseUrl = database_of("billing")
        billing_internal_port: Port = internal_port_of("billing", 9101)
"""

from collections.abc import Iterable
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, WithJsonSchema

from eventlog.settings import EventLogSettings, Seconds
from eventlog.url import sqlite_path
from service.process import ProcessSettings
from service.settings import Fault

SERVER_FORMS = ("postgresql://", "postgresql+asyncpg://")
HOW = "write sqlite:///relative/path.db, sqlite:////absolute/path.db or postgresql://user:password@host/database"


def with_driver(url: str) -> str:
    """The address as SQLAlchemy takes it, with its driver. Raises ValueError for an address of neither database."""
    path = sqlite_path(url)
    if path is not None:
        return f"sqlite+aiosqlite:///{path}"
    for form in SERVER_FORMS:
        if url.startswith(form) and url != form:
            return f"postgresql+asyncpg://{url.removeprefix(form)}"
    raise ValueError(HOW)


DatabaseUrl = Annotated[
    str,
    AfterValidator(with_driver),
    WithJsonSchema(
        {
            "type": "string",
            "examples": [
                "sqlite:///./var/billing.db",
                "postgresql://user:password@host/database",
            ],
        }
    ),
]


def database_of(name: str) -> Any:
    """The field `<name>_database`."""
    return Field(
        f"sqlite:///./var/{name}.db",
        description=f"Database of the consumer {name}: an SQLite file or PostgreSQL.",
    )


def internal_port_of(name: str, port: int) -> Any:
    """The field `<name>_internal_port`."""
    return Field(
        port, description=f"Port of /live, /ready and /metrics of the consumer {name}; 0 takes a free one."
    )


class ConsumerSettings(EventLogSettings, ProcessSettings):
    """What all consumers have."""

    name: ClassVar[str]

    consumer_batch_records: int = Field(
        500, ge=1, le=10_000, description="At most so many records are taken in by one transaction."
    )
    consumer_stop_seconds: Seconds = Field(
        10, description="On SIGTERM: time for the batch in hand, and again for what is yet to be published."
    )

    @property
    def database(self) -> str:
        """The address of this consumer's database. It may hold a password."""
        return str(getattr(self, f"{self.name}_database"))

    @property
    def internal_port(self) -> int:
        """The port of this consumer's probes and metrics."""
        return int(getattr(self, f"{self.name}_internal_port"))

    def conflicts(self) -> Iterable[Fault]:
        for variables, problem in self.kafka_conflicts():
            yield Fault(variables, None, problem)
