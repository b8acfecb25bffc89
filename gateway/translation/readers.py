"""Readers: small pure functions `(payload, reading) -> value`, made for one place in a payload.

A reader never raises, whatever JSON a station sent. It returns what can be understood, or None, and
notes what was odd on the reading. These run for every field of every message, so the lawful case is
tested first and by exact type (`True` is no number here, as in JSON).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from gateway.translation import moments
from gateway.translation.ids import canonical
from gateway.translation.table import Payload, Reader, Reading
from gateway.translation.values import LARGEST_INTEGER, as_integer, as_moment, as_number, as_text, each_object

Getter = Callable[[Payload], Any]


def at(path: str) -> Getter:
    """What stands at a dotted path of object keys; None where there is nothing."""
    keys = path.split(".")
    if len(keys) == 1:
        return lambda payload: payload.get(path)

    def nested(payload: Payload) -> Any:
        value: Any = payload
        for key in keys:
            if type(value) is not dict:
                return None
            value = value.get(key)
        return value

    return nested


def constant(value: Any) -> Reader:
    """The same for every message."""
    return lambda _payload, _reading: value


def anything(path: str) -> Reader:
    """Any JSON, as it came."""
    get = at(path)
    return lambda payload, _reading: get(payload)


def text(
    path: str, max_length: int | None = None, quirk: str = "string_long", *, missing: str | None = None
) -> Reader:
    """A string; a number is taken for its text. Longer than it may be: kept, never cut (quirk 22).

    Where an event cannot do without it, `missing` stands for one that is absent or empty, with a quirk.
    """
    get = at(path)

    def read(payload: Payload, reading: Reading) -> str | None:
        value = get(payload)
        if type(value) is not str:
            value = as_text(value, reading)
        if value and max_length and len(value) > max_length:
            reading.quirk(quirk)
        if not value and missing is not None:
            reading.quirk("field_missing")
        return value or missing

    return read


def integer(path: str) -> Reader:
    """A whole number; a fraction is rounded half up (quirk 39), a number in quotes is read."""
    get = at(path)

    def read(payload: Payload, reading: Reading) -> int | None:
        value = get(payload)
        if type(value) is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            return value
        return None if value is None else as_integer(value, reading)

    return read


def decimal(path: str) -> Reader:
    """An exact number; one in quotes is read."""
    get = at(path)

    def read(payload: Payload, reading: Reading) -> Decimal | None:
        value = get(payload)
        if value is None:
            return None
        number = as_number(value)
        if number is None or type(value) is str:
            reading.quirk("type_wrong")
        return number

    return read


def boolean(path: str) -> Reader:
    """True or false; the words "true" and "false", 1 and 0 are read."""
    get = at(path)

    def read(payload: Payload, reading: Reading) -> bool | None:
        value = get(payload)
        if value is None or value is True or value is False:
            return value
        reading.quirk("type_wrong")
        return _BOOLEANS.get((as_text(value, reading) or "").strip().casefold())

    return read


def flag(path: str) -> Reader:
    """True where it is so said, else false."""
    read = boolean(path)
    return lambda payload, reading: bool(read(payload, reading))


_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def moment(path: str) -> Reader:
    """A point in time inside the data; absent is no quirk."""
    get = at(path)

    def read(payload: Payload, reading: Reading) -> datetime | None:
        value = get(payload)
        return None if value is None else as_moment(value, reading)

    return read


def occurred_at(path: str = "timestamp", *, required: bool = True) -> Reader:
    """When the fact happened; remembered on the reading for `offline` and for the identity."""
    return occurred_when(at(path), required=required)


def occurred_when(get: Getter, *, required: bool = True) -> Reader:
    """As `occurred_at`, for a time that stands at no fixed path."""

    def read(payload: Payload, reading: Reading) -> datetime | None:
        value = get(payload)
        if value is None:
            if required:
                reading.quirk("ts_missing")
            return None
        happened = as_moment(value, reading)
        if happened is not None:
            ahead = moments.ahead(happened, reading.received_at)
            if ahead is not None:
                reading.quirk(ahead)
        reading.occurred_at = happened
        return happened

    return read


def as_written(get: Getter) -> Reader:
    """A timestamp's text as the station sent it."""

    def read(payload: Payload, _reading: Reading) -> str | None:
        value = get(payload)
        return value if value is None or type(value) is str else canonical(value)

    return read


def one_of(
    path: str,
    words: Mapping[str, str],
    *,
    unknown: str | None = None,
    missing: str | None = None,
    required: bool = False,
) -> Reader:
    """A word of a closed list, in the canonical vocabulary (`words` maps the station's to ours).

    The wrong case is understood (`enum_case`). Another word is `unknown`, or kept as sent if there is
    no such (`enum_unknown`). An absent word is `missing`; a quirk only if it is `required`.
    """
    get = at(path)
    find = finder(words, unknown=unknown)

    def read(payload: Payload, reading: Reading) -> str | None:
        value = get(payload)
        if value is None:
            if required:
                reading.quirk("field_missing")
            return missing
        found = find(value, reading)
        return missing if found is None else found

    return read


def finder(words: Mapping[str, str], *, unknown: str | None = None) -> Callable[[Any, Reading], str | None]:
    """The look-up that `one_of` makes, for a word that is already in hand; None only for what is no word."""
    folded = {word.casefold(): ours for word, ours in words.items()}

    def find(value: Any, reading: Reading) -> str | None:
        if type(value) is not str:
            value = as_text(value, reading)
            if value is None:
                return unknown
        found = words.get(value)
        if found is not None:
            return found
        found = folded.get(value.strip().casefold())
        if found is not None:
            reading.quirk("enum_case")
            return found
        reading.quirk("enum_unknown")
        return unknown or value or None

    return find


def same(*words: str) -> dict[str, str]:
    """A vocabulary that we use as OCPP has it, for `one_of`."""
    return {word: word for word in words}


def mapping(path: str) -> Reader:
    """A JSON object as it came; anything else is dropped with a quirk (the raw payload keeps it)."""
    get = at(path)

    def read(payload: Payload, reading: Reading) -> dict[str, Any] | None:
        value = get(payload)
        if value is None or type(value) is dict:
            return value
        reading.quirk("type_wrong")
        return None

    return read


def mappings(path: str) -> Reader:
    """A list of JSON objects as they came; one that stands alone is taken for a list of one."""
    get = at(path)

    def read(payload: Payload, reading: Reading) -> tuple[dict[str, Any], ...]:
        return tuple(each_object(get(payload), reading))

    return read
