"""Single values of the wrong kind, taken for what they mean: a number in quotes, a list of one without its list.

None of these raises, whatever JSON stands there; what was odd is noted on the reading.
"""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from gateway.translation import moments
from gateway.translation.table import Reading

LARGEST_INTEGER = 2**63 - 1
"""What every consumer's JSON reader can hold; no field of OCPP needs more."""

MOST_DIGITS = 30
"""A number of more digits, or of a larger exponent, is no measurement but noise (or an attack)."""


def each_object(value: Any, reading: Reading) -> Iterable[dict[str, Any]]:
    """The objects of a list; lenient as `mappings` (quirk 18, `shape`)."""
    if type(value) is list:
        for item in value:
            if type(item) is dict:
                yield item
            else:
                reading.quirk("shape")
    elif value is not None:
        reading.quirk("shape")
        if type(value) is dict:
            yield value


def as_text(value: Any, reading: Reading) -> str | None:
    """The text of what should be a string: a number's digits; None for what has no text of its own."""
    if type(value) is str or value is None:
        return value
    reading.quirk("type_wrong")
    if type(value) is int:
        return str(value) if abs(value) < _LIMIT else None  # Python refuses to write the largest ones
    return str(value) if type(value) is float else None


def as_integer(value: Any, reading: Reading) -> int | None:
    """The whole number that something which is no plain integer means."""
    number = as_number(value)
    if number is None or abs(number) > LARGEST_INTEGER:
        reading.quirk("type_wrong")
        return None
    if type(value) is str:
        reading.quirk("type_wrong")
    whole = int(number)
    if whole != number:
        reading.quirk("fractional_int")
        whole = int((number + Decimal("0.5")).to_integral_value("ROUND_FLOOR"))
    return whole


def as_number(value: Any) -> Decimal | None:
    """The exact number that JSON or its text means, in plain digits; None for what is none."""
    kind = type(value)
    if kind is float:
        value = repr(value)
        if "e" not in value and "n" not in value:  # no exponent, no inf or nan: 24 characters at most
            return Decimal(value)
    elif kind is str:
        value = value.strip()
        if not value.isascii() or "_" in value:  # Decimal takes both, no other reader of numbers does
            return None
    elif kind is not int or abs(value) >= _LIMIT:
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS or len(str(value)) > 2 * MOST_DIGITS:
        return None
    return Decimal(format(number, "f")) if "E" in str(number) else number


_LIMIT = 10**MOST_DIGITS


def as_moment(value: Any, reading: Reading) -> datetime | None:
    """A point in time in UTC, its quirk noted."""
    when, odd = moments.parse(value, reading.speaker.zone)
    if odd is not None:
        reading.quirk(odd)
    return when
