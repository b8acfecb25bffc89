"""The mechanism of settings: environment variables in, one frozen object or every fault at once out.

A program's settings are a subclass of `Settings`. What is allowed, the default, the unit and the
meaning stand with each field and nowhere else: the faults, `ocpp-gateway settings` and the table in
the docs all come from there.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, ClassVar, NamedTuple, Self, TypeVar

from pydantic import BeforeValidator, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from service.environment import PREFIX, Environment, given_values

MASK = "********"

UNITS: dict[str, str] = {
    "_ms_per_second": "ms/s",
    "_bytes_per_second": "bytes/s",
    "_ms": "ms",
    "_seconds": "s",
    "_hours": "h",
    "_days": "d",
    "_bytes": "bytes",
    "_records": "records",
    "_characters": "characters",
    "_messages": "messages",
    "_connections": "connections",
    "_per_minute": "1/min",
    "_per_second": "1/s",
}
"""The unit is the end of the name, so that nobody has to look it up."""

_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]+(?=@)")

Value = TypeVar("Value")


class Fault(NamedTuple):
    """One thing that is wrong: the variable (empty where several disagree), its value, and what helps."""

    name: str
    value: str | None
    problem: str

    def __str__(self) -> str:
        subject = self.name if self.value is None else f"{self.name}={self.value!r}"
        return f"{subject}: {self.problem}" if subject else self.problem


class SettingsFault(Exception):
    """The environment does not make valid settings; holds every fault."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class Setting(NamedTuple):
    """A row of the settings table. `value` is the one in force, masked where it is secret."""

    name: str
    default: str
    unit: str
    allowed: str
    meaning: str
    value: str


class Settings(BaseSettings):
    """What every program's settings can do. Create by `load`, which reports faults for people."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,  # charts and compose files hand on empty variables for "not set"
        frozen=True,
    )

    others: ClassVar[frozenset[str]] = frozenset()
    """Further names with the prefix that are somebody else's and therefore not unknown."""

    def conflicts(self) -> Iterable[Fault]:
        """The faults that show only when several settings are seen together."""
        return ()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003, the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Overrides first, then the environment without the variables of Kubernetes Services."""
        return init_settings, Environment(settings_cls)

    @classmethod
    def load(cls, *neighbours: type["Settings"], **overrides: Any) -> Self:
        """The settings of this process: overrides, else the environment, else the defaults.

        Raises SettingsFault with all that is wrong, unknown names included. What a neighbour knows is not
        unknown: one environment may serve all programs of a deployment.
        """
        faults = list(_unknown_names(cls, *neighbours))
        try:
            settings = cls(**overrides)
        except ValidationError as invalid:
            faults += _invalid_values(cls, given_values() | overrides, invalid)
        else:
            faults += settings.conflicts()
            if not faults:
                return settings
        raise SettingsFault(faults)

    def table(self) -> list[Setting]:
        """Every setting with its default, unit, meaning and the value in force; those of the bases first."""
        return [
            Setting(
                name=variable(name),
                default=default_of(field),
                unit=unit_of(name),
                allowed=allowed(type(self), name),
                meaning=field.description or "",
                value=_shown(getattr(self, name)),
            )
            for name, field in type(self).model_fields.items()
        ]


def _from_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as error:
        raise ValueError(f"no JSON: {error}") from None


JsonObject = Annotated[dict[str, Value], NoDecode, BeforeValidator(_from_json)]
"""A setting written as a JSON object. Decoded by us: the library's own decoder ends at the first fault."""


def variable(field: str) -> str:
    """The environment variable of a field."""
    return PREFIX + field.upper()


def unit_of(field: str) -> str:
    """The unit that the name ends in, or nothing."""
    return next((unit for ending, unit in UNITS.items() if field.endswith(ending)), "")


def default_of(field: FieldInfo) -> str:
    """The default as one would write it; a default made at start is said in angle brackets."""
    extra = field.json_schema_extra
    if isinstance(extra, dict) and "default_text" in extra:
        return str(extra["default_text"])
    return _shown(field.get_default(call_default_factory=True, validated_data={}))


def allowed(cls: type[Settings], field: str) -> str:
    """What the field takes, in words, from the constraints that validate it."""
    schema = cls.model_json_schema()
    return _in_words(schema["properties"][field])


def without_password(text: str) -> str:
    """The text, with the password of an address in it hidden."""
    return _PASSWORD.sub(rf"\1{MASK}", text)


def _unknown_names(*families: type[Settings]) -> Iterable[Fault]:
    known = {name for family in families for name in family.model_fields}
    others = {name for family in families for name in family.others}
    for name in sorted(given_values()):
        if name not in known and variable(name) not in others:
            near = difflib.get_close_matches(name, known, n=1)
            guess = f"; did you mean {variable(near[0])}?" if near else ""
            yield Fault(variable(name), None, f"no such setting{guess}")


def _invalid_values(
    cls: type[Settings], given: Mapping[str, Any], invalid: ValidationError
) -> Iterable[Fault]:
    """One fault a field, in our words: what was given, what our own validators say of it, what is allowed."""
    told = set()
    for error in invalid.errors(include_url=False, include_input=False):
        field = str(error["loc"][0])
        if field in told:
            continue
        told.add(field)
        secret = cls.model_fields[field].annotation in (SecretStr, SecretStr | None)
        reason = error["msg"].removeprefix("Value error, ") + "; " if error["type"] == "value_error" else ""
        value = MASK if secret else without_password(str(given.get(field, "")))
        yield Fault(variable(field), value, f"{reason}allowed: {allowed(cls, field)}")


def _in_words(schema: Mapping[str, Any]) -> str:
    """A JSON Schema of one setting as a short phrase."""
    if "anyOf" in schema:
        return " or ".join(_in_words(part) for part in schema["anyOf"] if part.get("type") != "null")
    if "enum" in schema:
        return ", ".join(map(str, schema["enum"]))
    match schema.get("type"):
        case "boolean":
            return "true or false"
        case "integer" | "number" as kind:
            return ("a whole number" if kind == "integer" else "a number") + _range(schema)
        case "object":
            return f"a JSON object of {_in_words(schema.get('additionalProperties') or {})}"
    if "examples" in schema:
        return f"text like {', '.join(schema['examples'])}"
    words = {"file-path": "the path of a file", "password": "text (secret)"}
    length = f" of at least {schema['minLength']} characters" if "minLength" in schema else ""
    return words.get(schema.get("format", ""), "text") + length


def _range(schema: Mapping[str, Any]) -> str:
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    above = "from" if "minimum" in schema else "above"
    high = schema.get("maximum")
    if low is None:
        return "" if high is None else f" up to {high}"
    return f" {above} {low}" + ("" if high is None else f" to {high}")


def _shown(value: Any) -> str:
    match value:
        case None:
            return ""
        case SecretStr():
            return MASK if value.get_secret_value() else ""
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case dict():
            return json.dumps(value) if value else ""
    return without_password(str(value))
