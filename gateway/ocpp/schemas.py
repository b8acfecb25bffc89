"""The official JSON schemas of every action, compiled once; the judge of what is said both ways.

The schema files are those of the `ocpp` package. Formats are not checked, as that package does not:
stations write timestamps that `date-time` refuses and everybody understands (reference §4).
"""

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import jsonschema_rs
import orjson

from gateway.ocpp.versions import VERSIONS, Version

MAX_FAULTS = 8
"""Of one payload: enough to mend a station, and a hostile payload of thousands costs no more."""
MAX_ITEMS = 32
"""Items of the lists of one payload among which all faults are looked for. The library finds every fault before it
gives the first, at 15 microseconds each: without this bound 62 KB of empty objects cost 600 ms."""


class Fault(NamedTuple):
    """Where a payload breaks its schema: the JSON Schema keyword, and the JSON Pointer of the place."""

    keyword: str
    pointer: str
    message: str


_ERROR_CODES = {
    "required": "OccurrenceConstraintViolation",
    "minItems": "OccurrenceConstraintViolation",
    "maxItems": "OccurrenceConstraintViolation",
    "type": "TypeConstraintViolation",
    "additionalProperties": "FormatViolation",
}


def error_code(fault: Fault) -> str:
    """The CALLERROR code that says this fault (OCPP 2.0.1 Part 4 §4.3), in 2.1's spelling."""
    return _ERROR_CODES.get(fault.keyword, "PropertyConstraintViolation")


class Schema:
    """One compiled schema."""

    __slots__ = ("_validator", "is_valid")

    def __init__(self, document: dict[str, Any]) -> None:
        self._validator = jsonschema_rs.validator_for(document, validate_formats=False)
        self.is_valid = self._validator.is_valid

    def faults(self, payload: Any) -> list[Fault]:
        """What is wrong with the payload; empty when it is valid.

        The first `MAX_FAULTS` of those among the first `MAX_ITEMS` items of its lists; where these have none,
        the first of all.
        """
        if self.is_valid(payload):
            return []
        errors = self._validator.iter_errors(_sample(payload))
        found = [_fault(error) for error, _ in zip(errors, range(MAX_FAULTS), strict=False)]
        return found or list(self._first(payload))

    def _first(self, payload: Any) -> Iterator[Fault]:
        try:
            self._validator.validate(payload)
        except jsonschema_rs.ValidationError as error:
            yield _fault(error)


def _fault(error: jsonschema_rs.ValidationError) -> Fault:
    pointer = "".join(f"/{step}" for step in error.instance_path)
    return Fault(str(error.schema_path[-1]), pointer, error.message[:200])


def _sample(payload: Any) -> Any:
    """The payload with the first items of its lists: `MAX_ITEMS` in all, and one of each list (all `minItems` are 1).

    Only items of lists multiply faults: a property that the schema does not know is at most one fault.
    """
    left = MAX_ITEMS

    def cut(value: Any) -> Any:
        nonlocal left
        if type(value) is dict:
            return {name: cut(part) if type(part) in (dict, list) else part for name, part in value.items()}
        if type(value) is list:
            kept = value[: max(1, left)]
            left -= len(kept)
            return [cut(item) for item in kept]
        return value

    return cut(payload)


def _package_folder() -> Path:
    # Found, not imported: the package's engine and its data types would be most of our start.
    found = find_spec("ocpp")
    assert found is not None
    assert found.submodule_search_locations is not None
    return Path(found.submodule_search_locations[0])


_PACKAGE = _package_folder()


class Schemas:
    """The schemas of one version: of the requests, and of the responses to them, by action."""

    def __init__(self, version: Version) -> None:
        self.requests: dict[str, Schema] = {}
        self.responses: dict[str, Schema] = {}
        for file in sorted((_PACKAGE / version.folder / "schemas").glob("*.json")):
            stem = file.stem
            # Some of the files begin with a byte order mark.
            schema = Schema(orjson.loads(file.read_text(encoding="utf-8-sig")))
            if stem.endswith("Response"):
                self.responses[stem.removesuffix("Response")] = schema
            else:
                self.requests[stem.removesuffix("Request")] = schema


SCHEMAS: dict[str, Schemas] = {name: Schemas(version) for name, version in VERSIONS.items()}
"""By the version's name. Compiling all 387 files takes about 80 ms, once a process."""
