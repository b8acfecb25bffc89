"""Example payloads made from a schema: the smallest, the fullest, and one for each value of each enum."""

import copy
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

_TEXTS = {"date-time": "2026-01-01T01:00:00.000Z", "uri": "ftp://files.example.com/logs"}


def examples(schema: Schema) -> Iterator[Any]:
    """Valid payloads of different shapes. `customData` is left out: it may hold anything."""
    definitions = schema.get("definitions", {})
    yield _made(schema, definitions, full=False)
    fullest = _made(schema, definitions, full=True)
    yield fullest
    for path, values in _enums(schema, definitions, ()):
        for value in values:
            variant = copy.deepcopy(fullest)
            _put(variant, path, value)
            yield variant


def _resolved(schema: Schema, definitions: Schema) -> Schema:
    if "$ref" in schema:
        resolved: Schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
        return resolved
    return schema


def _made(schema: Schema, definitions: Schema, *, full: bool) -> Any:
    schema = _resolved(schema, definitions)
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            required = schema.get("required", [])
            return {
                name: _made(member, definitions, full=full)
                for name, member in schema.get("properties", {}).items()
                if name in required or (full and name != "customData")
            }
        case "array":
            return [_made(schema["items"], definitions, full=full)]
        case "string":
            return _TEXTS.get(schema.get("format", ""), "text"[: schema.get("maxLength")])
        case "integer":
            return max(1, schema.get("minimum", 1))
        case "number":
            return min(schema.get("minimum", 1.5), schema.get("maximum", 1.5))
        case "boolean":
            return True
    return "anything"


def _enums(
    schema: Schema, definitions: Schema, path: tuple[Any, ...]
) -> Iterator[tuple[tuple[Any, ...], list[str]]]:
    schema = _resolved(schema, definitions)
    if "enum" in schema:
        yield path, schema["enum"]
    for name, member in schema.get("properties", {}).items():
        if name != "customData":
            yield from _enums(member, definitions, (*path, name))
    if schema.get("type") == "array":
        yield from _enums(schema["items"], definitions, (*path, 0))


def _put(node: Any, path: tuple[Any, ...], value: str) -> None:
    *way, last = path
    for step in way:
        node = node[step]
    node[last] = value
