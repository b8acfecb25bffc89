"""How each kind of value in a rules file is read: a table, and what is right is said with each."""

import math
import re
from collections.abc import Callable
from string import Formatter
from typing import Any, Final, get_type_hints

from consumers.alerting.durations import parse_duration
from consumers.alerting.kinds.kind import Parameters
from consumers.alerting.yaml_nodes import Node, Wrong, guess

Read = Callable[[object], Any]

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def duration(value: object) -> int:
    """A span in ms."""
    try:
        return parse_duration("0s" if value == 0 and not isinstance(value, bool) else str(value))
    except ValueError as error:
        raise Wrong(str(error)) from None


def positive_duration(value: object) -> int:
    """A span in ms that is one."""
    span_ms = duration(value)
    if span_ms == 0:
        raise Wrong("must be longer than nothing; write it as 90s, 10m, 36h or 14d")
    return span_ms


def count(value: object) -> int:
    """How many."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 1_000_000:
        raise Wrong(f"{value!r} is no whole number from 1 to 1000000")
    return value


def amount(value: object) -> float:
    """How much."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise Wrong(f"{value!r} is no number from 0 on")
    return float(value)


def share(value: object) -> float:
    """A part of all."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise Wrong(f"{value!r} is no share from 0 to 1; a fifth is 0.2")
    return float(value)


def globs(value: object) -> tuple[str, ...]:
    """Patterns; one alone may stand without its list."""
    given = value if isinstance(value, list) else [value]
    texts = [str(one) if isinstance(one, int | float) and not isinstance(one, bool) else one for one in given]
    if not texts or not all(isinstance(one, str) and one for one in texts):
        raise Wrong('is no pattern and no list of patterns; write "AC-*" or ["AC-*", "DC-?"]')
    return tuple(map(str, texts))


def flag(value: object) -> bool:
    """Yes or no."""
    if not isinstance(value, bool):
        raise Wrong(f"{value!r} is neither true nor false")
    return value


def text(value: object) -> str:
    """Some text."""
    if isinstance(value, str) and value.strip():
        return value
    # YAML reads a bare Off, No or 1.0 as something else.
    raise Wrong(f"{value!r} is no text; write it in quotes" if value not in ("", None) else "is empty")


def name(value: object) -> str:
    """A name that can be a label's value and stand in a URL."""
    given = text(value)
    if _NAME.fullmatch(given) is None:
        raise Wrong(f"{given!r} is no name; letters, digits and _, with a letter first")
    return given


def label(value: str, taken: tuple[str, ...] = ()) -> None:
    """Raises Wrong for what cannot be the name of a label (Prometheus, Data model), or is taken."""
    if value in taken:
        raise Wrong(f"{value} is a label that every alert has; choose another name")
    if _LABEL.fullmatch(value) is None or value.startswith("__"):
        raise Wrong(f"{value!r} is no label; letters, digits and _, no digit first")


def one_of(*words: str) -> Read:
    """One of a few words."""

    def read(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise Wrong(f"{value!r} is none of {', '.join(words)}{guess(str(value), words)}")
        return value

    return read


def template(given: str, words: tuple[str, ...]) -> None:
    """Raises Wrong where a text has a word in braces that is not known, or braces that match none."""
    try:
        used = [field for _, field, _, _ in Formatter().parse(given) if field is not None]
    except ValueError as error:
        raise Wrong(f"{error}; a brace that is meant is written twice") from None
    for field in used:
        if field not in words:
            raise Wrong(f"{{{field}}} is not known{guess(field, words)}; known are {', '.join(words)}")


BY_MARK: Final[dict[str, Read]] = {
    "duration": duration,
    "count": count,
    "amount": amount,
    "share": share,
    "globs": globs,
    "flag": flag,
    "name": text,
}


def parameter_readers(kind: type[Parameters]) -> dict[str, Read]:
    """How each parameter of a kind is read, from the marks of its types."""
    hints = get_type_hints(kind, include_extras=True)
    return {field: BY_MARK[hints[field].__metadata__[0]] for field in kind.__struct_fields__}


def read(node: Node, reader: Read, default: Any = None) -> Any:
    """The value of a node, or its fault and the default."""
    try:
        return reader(node.value())
    except Wrong as wrong:
        node.fault(str(wrong))
        return default
