"""The leaves of a payload, each to be changed by itself: what a translation keeps, a change of it shows."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from msgspec.structs import replace

from contract.events import Event
from gateway.translation.table import translate
from tests.support.payloads import document
from tests.translation import golden

Path = tuple[str | int, ...]

ANOTHER_TIME = "2026-08-04T11:11:11Z"


def untold(version: str, action: str, said: Any) -> list[Path]:
    """The leaves that could have another lawful value without any event to show it."""
    words = sorted(set(_enumerated(document(version, action))))
    told = _told(version, action, said)
    return [
        path
        for path, value in _leaves(said, ())
        if _told(version, action, _otherwise(version, action, said, path, _others(value, words))) == told
    ]


def _told(version: str, action: str, said: Any) -> list[Event]:
    """The events without the raw payload: what is left of it where an operator switches that off."""
    facts, _ = translate(golden.TABLES[version][action], said, golden.reading(version, action))
    return [replace(fact.event, raw=None) for fact in facts]


def _otherwise(version: str, action: str, said: Any, path: Path, others: Iterator[Any]) -> Any:
    """The payload with the first of other values at the path that the schema allows."""
    return next(
        made
        for made in (_with(said, path, other) for other in others)
        if golden.is_lawful(version, action, made)
    )


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _leaves(inner, (*path, key))
    else:
        yield path, value


def _enumerated(schema: Any) -> Iterator[str]:
    """The words of all enumerations in a schema."""
    if isinstance(schema, dict):
        yield from schema.get("enum", ())
    if isinstance(schema, dict | list):
        for inner in schema.values() if isinstance(schema, dict) else schema:
            yield from _enumerated(inner)


def _others(value: Any, words: list[str]) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value - 1)
    elif value is None:
        yield "another"
    elif value.startswith("2026-"):
        yield ANOTHER_TIME
    else:
        yield from (word for word in ("another", *words) if word != value)


def _with(said: Any, path: Path, value: Any) -> Any:
    made = deepcopy(said)
    inner = made
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return made
