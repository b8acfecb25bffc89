"""What a consumer hands the runtime, and what it is lent for it: `consumers/<name>/app.py` turns one into the other.

A consumer is a folder with

- `tables.py`: `SCHEMA = Schema("<name>", Path(__file__).parent / "migrations")`, and its tables on `SCHEMA.metadata`;
- `migrations/`: its Alembic scripts; the first calls `revisions.create_runtime_tables("<name>")`;
- `settings.py`: a subclass of `ConsumerSettings`; no import of it is heavy, for every command reads it;
- `app.py`: `make(settings, equipment) -> Program`.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from consumers.runtime.consumer import Consumer
from consumers.runtime.database import Database
from eventlog.port import EventLog
from service.internal import Check
from service.metrics import Metrics
from service.run import Service

Task = Callable[[], Coroutine[Any, Any, None]]


class Equipment(NamedTuple):
    """What the runtime lends: open while the program runs. Declare own metrics on `metrics` (`ocpp_<name>_...`)."""

    log: EventLog
    database: Database
    metrics: Metrics
    now: Callable[[], datetime]
    """The clock, UTC."""


class Program(NamedTuple):
    """The consumer, and what runs beside it.

    `services` (a page on a port of its own) start in order before the first batch and stop after the last;
    `tasks` by name run as long as the consumer does: one that ends by itself makes liveness fail.
    `ready` are further checks of readiness.
    """

    consumer: Consumer
    services: Sequence[Service] = ()
    tasks: Mapping[str, Task] = {}
    ready: Mapping[str, Check] = {}
