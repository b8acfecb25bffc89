"""Column types that say the same on SQLite and on PostgreSQL: moments, exact numbers, JSON, and others' words.

SQLite has no time zones, no exact numbers and no JSON of its own; PostgreSQL takes no NUL in a text.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import DateTime, Dialect, Numeric, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

SQLITE = "sqlite"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Moment(TypeDecorator[datetime]):
    """A time, to the microsecond, always UTC. Compares and sorts in both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} names no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == SQLITE else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == SQLITE else value.astimezone(UTC)


class Exact(TypeDecorator[Decimal]):
    """A Decimal, digit for digit. On SQLite it is a text, so let no statement compare or add them."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(Text() if dialect.name == SQLITE else Numeric())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return str(value) if value is not None and dialect.name == SQLITE else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        del dialect
        return None if value is None else Decimal(value)


class Json(TypeDecorator[Any]):
    """What msgspec writes as JSON and, where a type is named, reads as that again (a Struct, a tuple of them).

    A text in both databases: PostgreSQL's jsonb refuses an escaped NUL, which stations do send.
    """

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any = Any) -> None:
        super().__init__()
        self.kind = kind
        self._decode = msgspec.json.Decoder(kind).decode

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        del dialect
        return None if value is None else self._decode(value)


class Words(TypeDecorator[str]):
    """A text that somebody else wrote. A NUL, which PostgreSQL does not take, becomes the replacement character."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return value.replace("\0", REPLACEMENT) if value is not None and "\0" in value else value
