"""A consumer of one's own: every ended session, with its energy, in a table. Run it: python docs/examples/consumer.py"""

import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import ClassVar

from sqlalchemy import Column, Table, Text

from consumers.runtime.columns import Exact, Moment
from consumers.runtime.consumer import Message, Work
from consumers.runtime.database import upsert
from consumers.runtime.process import consume
from consumers.runtime.program import Program
from consumers.runtime.schema import Schema
from consumers.runtime.settings import ConsumerSettings, DatabaseUrl, database_of, internal_port_of
from contract.events import TransactionEnded
from contract.topics import TRANSACTIONS

SCHEMA = Schema("sessions")
SESSIONS = Table(
    "sessions_ended",
    SCHEMA.metadata,
    Column("station", Text, primary_key=True),
    Column("transaction", Text, primary_key=True),
    Column("ended_at", Moment),
    Column("stop_wh", Exact),
)


class SessionsSettings(ConsumerSettings):
    """What an operator can say to it: OCPP_SESSIONS_DATABASE and so on."""

    name: ClassVar[str] = "sessions"
    sessions_database: DatabaseUrl = database_of("sessions")
    sessions_internal_port: int = internal_port_of("sessions", 9110)


class Sessions:
    """The consumer."""

    name = "sessions"
    topics = (TRANSACTIONS,)

    async def handle(self, messages: Sequence[Message], work: Work) -> None:
        rows = [
            {
                "station": event.station.id,
                "transaction": event.transaction.id,
                "ended_at": event.occurred_at,
                "stop_wh": event.meter.stop_wh if event.meter else None,
            }
            for message in messages
            if isinstance(event := message.value, TransactionEnded)
            and event.transaction
            and event.transaction.id
        ]
        await upsert(work.database, SESSIONS, rows)  # an event that comes twice makes the same row

    async def tick(self, now: Mapping[int, datetime], work: Work) -> None:
        """It has no timers."""


if __name__ == "__main__":
    sys.exit(consume(SCHEMA, SessionsSettings, lambda _settings, _equipment: Program(Sessions())))
