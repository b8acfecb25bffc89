"""What a 1.6 station says of its configuration: the entries of its answers, and all of them as 2.x variables."""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from contract.model import Evse
from contract.results import VariableResult
from gateway.translation.outbound.answered import truth
from gateway.translation.outbound.configuration_keys import (
    LEGACY_COMPONENT,
    LIMIT_OF_KEY,
    PHASE_ROTATION,
    ROW_OF_KEY,
    folded,
)
from gateway.translation.outbound.configuration_values import rotations
from gateway.translation.outbound.plan import Payload
from gateway.translation.parts_16 import evse_of


class Entry(NamedTuple):
    """A key that the station has."""

    key: str
    value: str | None
    readonly: bool | None


def entries(payload: Payload) -> Iterable[Entry]:
    """The entries of an answer; what is none is passed over (reference §4, quirk 36)."""
    listed = payload.get("configurationKey")
    for item in listed if type(listed) is list else ():
        if type(item) is dict and type(item.get("key")) is str:
            yield Entry(item["key"], _text(item.get("value")), truth(item.get("readonly")))


def unknown_keys(payload: Payload) -> Iterable[str]:
    """The keys that the station says it does not know."""
    listed = payload.get("unknownKey")
    return (item for item in (listed if type(listed) is list else ()) if type(item) is str)


def _text(value: Any) -> str | None:
    """A value as text; some stations leave the quotes out (Grizzl-E)."""
    return value if value is None or type(value) is str else msgspec.json.encode(value).decode()


def variables_of(said: Iterable[Entry]) -> tuple[VariableResult, ...]:
    """All entries as variables; a `maxLimit` stands with the variable that it limits."""
    limits: dict[tuple[str, str, str | None], Entry] = {}
    found: list[VariableResult] = []
    for entry in said:
        row = LIMIT_OF_KEY.get(folded(entry.key))
        if row is None:
            found += _of_entry(entry)
        else:
            limits[row.component, row.variable, row.instance] = entry
    limited = []
    for result in found:
        entry_of_limit = limits.pop((result.component, result.variable, result.variable_instance), None)
        limit = entry_of_limit and entry_of_limit.value
        limited.append(msgspec.structs.replace(result, max_limit=limit) if limit else result)
    alone = (
        VariableResult(
            component=component,
            variable=variable,
            variable_instance=instance,
            status="Accepted",
            max_limit=entry.value,
            readonly=entry.readonly,
        )
        for (component, variable, instance), entry in limits.items()
    )
    return (*limited, *alone)


_PART = r"([^/\[\]@]+)(?:\[([^\[\]]+)\])?"
_SPELLED = re.compile(_PART + "/" + _PART + r"(?:@([0-9]{1,6})(?:\.([0-9]{1,6}))?)?")
"""Component[instance]/Variable[instance]@evse.connector: see `configuration_keys`."""


def _of_entry(entry: Entry) -> Iterable[VariableResult]:
    key = folded(entry.key)
    if key == folded(PHASE_ROTATION) and entry.value and (by_connector := rotations(entry.value)):
        return [
            _rotation(entry._replace(value=rotation), number) for number, rotation in by_connector.items()
        ]
    row = ROW_OF_KEY.get(key)
    if row is not None:
        # A station that shows its password to us need not show it to everybody.
        value = None if entry.value is None or row.form.write_only else row.form.read(entry.value)
        shown = entry._replace(value=value)
        return [_result(shown, row.component, row.variable, variable_instance=row.instance)]
    spelled = _SPELLED.fullmatch(entry.key.strip())
    if spelled is None:
        return [_result(entry, LEGACY_COMPONENT, entry.key)]
    component, component_instance, variable, instance, evse, connector = spelled.groups()
    place = Evse(id=int(evse), connector_id=int(connector) if connector else None) if evse else None
    return [
        _result(
            entry,
            component,
            variable,
            component_instance=component_instance,
            variable_instance=instance,
            evse=place,
        )
    ]


def _rotation(entry: Entry, connector: int) -> VariableResult:
    if connector == 0:
        return _result(entry, "ChargingStation", "PhaseRotation")
    return _result(entry, "Connector", "PhaseRotation", evse=evse_of(connector))


def _result(entry: Entry, component: str, variable: str, **more: Any) -> VariableResult:
    return VariableResult(
        component=component,
        variable=variable,
        status="Accepted",
        value=entry.value,
        readonly=entry.readonly,
        **more,
    )
