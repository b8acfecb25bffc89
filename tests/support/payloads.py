"""Payloads made from the official schemas: valid ones, and each with a single fault put in.

It knows just the keywords that OCPP's schema files use, and fails on any other, so that a new file is
never half understood.
"""

import copy
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any, NamedTuple

import orjson

from gateway.ocpp.versions import VERSIONS

JsonSchema = dict[str, Any]

KNOWN = frozenset(
    (
        "$id",
        "$ref",
        "$schema",
        "additionalItems",
        "additionalProperties",
        "comment",
        "default",
        "definitions",
        "description",
        "enum",
        "format",
        "id",
        "items",
        "javaType",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minimum",
        "multipleOf",
        "properties",
        "required",
        "title",
        "tsEnumNames",
        "type",
        "$comment",
    )
)
MOMENT = "2026-03-04T05:06:07Z"


Place = tuple[str | int, ...]


class Break(NamedTuple):
    """One rule of the schema broken at one place: the JSON Schema keyword, and what to put there."""

    keyword: str
    place: Place
    wrong: Any

    @property
    def pointer(self) -> str:
        """The JSON Pointer of the place."""
        return "".join(f"/{step}" for step in self.place)

    def of(self, payload: Any) -> Any:
        """The payload with the fault in it; the one given stays whole."""
        if not self.place:
            return self.wrong
        changed = copy.deepcopy(payload)
        inner = changed
        for step in self.place[:-1]:
            inner = inner[step]
        inner[self.place[-1]] = self.wrong
        return changed


@cache
def document(version: str, action: str, kind: str = "Request") -> JsonSchema:
    """The schema file of an action. Raises FileNotFoundError where it has none."""
    folder = files(f"ocpp.{VERSIONS[version].folder}") / "schemas"
    names = [f"{action}{kind}.json"] if kind == "Response" else [f"{action}Request.json", f"{action}.json"]
    for name in names:
        if (folder / name).is_file():
            read: JsonSchema = orjson.loads((folder / name).read_text(encoding="utf-8-sig"))
            return read
    raise FileNotFoundError(names)


def valid(root: JsonSchema, random: Random, optional: float) -> Any:
    """A payload that the schema allows; each optional property is there with this probability."""
    return _made(root, root, random, optional)


def breaks(root: JsonSchema, payload: Any) -> list[Break]:
    """Every way to break one rule of the schema at one place of a valid payload."""
    return [
        Break(keyword, place, wrong)
        for place, schema, value in _places(root, root, payload, ())
        for keyword, wrong in _wrongs(schema, value)
    ]


def _resolved(root: JsonSchema, schema: JsonSchema) -> JsonSchema:
    while "$ref" in schema:
        name: str = schema["$ref"]
        assert name.startswith("#/definitions/"), name
        schema = root["definitions"][name.removeprefix("#/definitions/")]
    assert set(schema) <= KNOWN, set(schema) - KNOWN
    return schema


def _made(root: JsonSchema, schema: JsonSchema, random: Random, optional: float) -> Any:
    schema = _resolved(root, schema)
    if "enum" in schema:
        return random.choice(schema["enum"])
    match schema.get("type"):
        case "object":
            required = schema.get("required", ())
            return {
                name: _made(root, inner, random, optional)
                for name, inner in schema.get("properties", {}).items()
                if name in required or random.random() < optional
            }
        case "array":
            least = schema.get("minItems", 0)
            most = min(schema.get("maxItems", least + 2), least + 2)
            return [
                _made(root, schema["items"], random, optional) for _ in range(random.randint(least, most))
            ]
        case "string":
            return _text(schema, random)
        case "integer":
            low = int(schema.get("minimum", -3))
            return random.randint(low, int(min(schema.get("maximum", low + 100), low + 100)))
        case "number":
            low = schema.get("minimum", -3)
            return round(random.uniform(low, min(schema.get("maximum", low + 100), low + 100)), 1)
        case "boolean":
            return random.random() < 0.5
        case None:  # any JSON: DataTransfer's data, customData's own properties
            return random.choice([None, True, 1.5, "text", [1], {"any": "thing"}])
        case other:
            raise AssertionError(other)


def _text(schema: JsonSchema, random: Random) -> str:
    match schema.get("format"):
        case "date-time":
            return MOMENT
        case "uri":
            return "https://example.org/x"
        case None:
            longest = schema.get("maxLength", 60)
            length = random.choice([1, longest, random.randint(1, longest)])
            return "".join(random.choices("abcXYZ019 -_é€", k=min(length, 6000)))
        case other:
            raise AssertionError(other)


def _places(
    root: JsonSchema, schema: JsonSchema, value: Any, place: Place
) -> Iterator[tuple[Place, JsonSchema, Any]]:
    schema = _resolved(root, schema)
    yield place, schema, value
    if isinstance(value, dict):
        for name, inner in value.items():
            if name in schema.get("properties", {}):
                yield from _places(root, schema["properties"][name], inner, (*place, name))
    elif isinstance(value, list) and "items" in schema:
        for number, inner in enumerate(value[:1]):
            yield from _places(root, schema["items"], inner, (*place, number))


def _wrongs(schema: JsonSchema, value: Any) -> Iterator[tuple[str, Any]]:
    """Values that break one keyword of the schema each."""
    if "type" in schema:
        yield "type", {"a": 1} if schema["type"] != "object" else "text"
    if "enum" in schema:
        yield "enum", "NoSuchWord"
    elif isinstance(value, dict):
        yield from _wrong_objects(schema, value)
    elif isinstance(value, list):
        yield from _wrong_lists(schema, value)
    elif isinstance(value, str) and "maxLength" in schema:
        yield "maxLength", "x" * (schema["maxLength"] + 1)
    elif type(value) in (int, float):
        yield from _wrong_numbers(schema, value)


def _wrong_objects(schema: JsonSchema, value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in schema.get("required", ()):
        yield "required", {key: inner for key, inner in value.items() if key != name}
    if schema.get("additionalProperties") is False:
        yield "additionalProperties", {**value, "noSuchProperty": 1}


def _wrong_lists(schema: JsonSchema, value: list[Any]) -> Iterator[tuple[str, Any]]:
    if schema.get("minItems"):
        yield "minItems", []
    if value and schema.get("maxItems", 101) <= 100:
        yield "maxItems", [value[0]] * (schema["maxItems"] + 1)


def _wrong_numbers(schema: JsonSchema, value: float) -> Iterator[tuple[str, Any]]:
    if "minimum" in schema:
        yield "minimum", schema["minimum"] - 1
    if "maximum" in schema:
        yield "maximum", schema["maximum"] + 1
    if "multipleOf" in schema:
        yield "multipleOf", value + schema["multipleOf"] / 2
    if schema.get("type") == "integer":
        yield "type", 1.5
