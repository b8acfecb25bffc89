"""Members of stations' answers, read as leniently as those of their requests: a number in quotes is a number.

None of these raises, whatever JSON stands there; a value that means nothing of its kind is None.
"""

from typing import Any

from gateway.translation.values import LARGEST_INTEGER, as_number

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def whole(value: Any) -> int | None:
    """A whole number, also in quotes or with a fraction of zero; a boolean is none."""
    if type(value) is bool:
        return None
    number = as_number(value)
    if number is None or abs(number) > LARGEST_INTEGER or number != number.to_integral_value():
        return None
    return int(number)


def truth(value: Any) -> bool | None:
    """True or false; the words "true" and "false", 1 and 0 are understood."""
    if type(value) is bool:
        return value
    said = str(value) if type(value) is int and value in (0, 1) else value
    return _BOOLEANS.get(said.strip().casefold()) if type(said) is str else None


def words(value: Any) -> str | None:
    """A text; of a number its digits."""
    if type(value) is str:
        return value
    number = None if type(value) is bool else as_number(value)
    return None if number is None else str(value)
