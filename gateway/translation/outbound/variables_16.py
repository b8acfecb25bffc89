"""Commands to OCPP 1.6 stations that concern variables: their keys read and written (reference §2.9, §2.10)."""

from collections import deque
from collections.abc import Generator, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from contract.commands import (
    VariableName,
    VariablesGet,
    VariablesSet,
    VariableValue,
)
from contract.model import StatusInfo
from contract.results import Answer, Loss, VariableResult
from gateway.translation.outbound import replies_16 as replies
from gateway.translation.outbound.configuration_keys import MAX_KEYS, Nowhere, Place, folded, place_of
from gateway.translation.outbound.configuration_report import Entry, entries, unknown_keys
from gateway.translation.outbound.plan import (
    Ask,
    Declined,
    Outbound,
    Plan,
    Said,
    Target,
    is_unable,
    of_variables,
    refused,
)

LONGEST_VALUE = 500

FEW_KEYS = 10
"""So many are asked for at once without asking the station how many it takes."""

TOO_MANY = frozenset(("FormatViolation", "OccurrenceConstraintViolation", "PropertyConstraintViolation"))
"""How a station refuses more keys than it takes."""


class Configuration:
    """What the station said of the keys that it was asked for."""

    def __init__(self) -> None:
        self.entries: dict[str, Entry] = {}
        self.unknown: set[str] = set()
        self.declined: dict[str, Declined] = {}

    def hear(self, keys: Iterable[str], reply: Said | Declined) -> None:
        if isinstance(reply, Declined):
            self.declined.update((folded(key), reply) for key in keys)
            return
        self.entries.update((folded(entry.key), entry) for entry in entries(reply.payload))
        self.unknown.update(folded(key) for key in unknown_keys(reply.payload))

    @property
    def error(self) -> Declined | None:
        """The station's error, where it told nothing else."""
        told = self.entries or self.unknown
        return None if told or not self.declined else next(iter(self.declined.values()))


Reading = Generator[Ask, Said | Declined, Configuration]


def _read(keys: Sequence[str]) -> Reading:
    """Ask for the keys, no more of them in one CALL than the station takes."""
    heard = Configuration()
    at_once = FEW_KEYS
    if len(keys) > FEW_KEYS:
        heard.hear((MAX_KEYS,), (yield Ask("GetConfiguration", {"key": [MAX_KEYS]})))
        at_once = _max_keys(heard)
    unread = deque(keys[start : start + at_once] for start in range(0, len(keys), at_once))
    while unread:
        some = unread.popleft()
        reply = yield Ask("GetConfiguration", {"key": list(some)})
        if isinstance(reply, Declined) and reply.code in TOO_MANY and len(some) > 1:
            middle = len(some) // 2
            unread.extendleft((some[middle:], some[:middle]))
        else:
            heard.hear(some, reply)
    if heard.error is not None and not is_unable(heard.error):
        # Some stations answer only a GetConfiguration without keys, with all that they have.
        reply = yield Ask("GetConfiguration", {})
        if isinstance(reply, Said):
            heard.declined.clear()
            heard.hear((), reply)
    return heard


def _max_keys(heard: Configuration) -> int:
    entry = heard.entries.get(folded(MAX_KEYS))
    said = entry.value if entry is not None else None
    is_number = said is not None and said.isascii() and said.isdecimal() and len(said) <= 6
    return (int(said) if is_number and said else 0) or FEW_KEYS


# Reading


def _get(command: VariablesGet, _target: Target) -> Plan:
    return (yield from read_variables(command.variables))


def read_variables(names: Sequence[VariableName]) -> Plan:
    """The plan that reads variables, each with a result of its own."""
    places = [place_of(name) for name in names]
    keys = [place.key for place in places if isinstance(place, Place) and not place.form.write_only]
    heard = yield from _read(tuple(dict.fromkeys(keys)))
    results = tuple(_read_at(name, place, heard) for name, place in zip(names, places, strict=True))
    if heard.error is not None:
        return msgspec.structs.replace(refused(heard.error), answer=Answer(variables=results))
    return of_variables(results)


def _read_at(name: VariableName, place: Place | Nowhere, heard: Configuration) -> VariableResult:
    if isinstance(place, Nowhere):
        return _result(name, place.reading, info=place.info)
    if place.form.write_only:
        return _result(name, "Rejected", info=StatusInfo(reason_code="WriteOnly"))
    key = folded(place.key)
    entry = heard.entries.get(key)
    if entry is not None:
        value = None if entry.value is None else place.form.read(entry.value)
        if value is None and entry.value is not None:
            return _result(name, "UnknownVariable")
        return _result(name, "Accepted", value=value, readonly=entry.readonly)
    if key in heard.declined:
        return _result(name, "Rejected", info=_error(heard.declined[key]))
    if key in heard.unknown:
        return _result(name, "UnknownVariable")
    told = "the station said nothing of this key"  # reference §4, quirk 36
    return _result(name, "UnknownVariable", info=StatusInfo(reason_code="Unspecified", additional_info=told))


def _error(declined: Declined) -> StatusInfo:
    return StatusInfo(reason_code=declined.code, additional_info=declined.description or None)


def _result(
    name: VariableName, status: str, *, info: StatusInfo | None = None, **more: Any
) -> VariableResult:
    return VariableResult(
        component=name.component,
        variable=name.variable,
        component_instance=name.component_instance,
        variable_instance=name.variable_instance,
        evse=name.evse,
        attribute=name.attribute,
        status=status,
        status_info=info,
        **more,
    )


# Writing


class Write(NamedTuple):
    """What became of one variable; `error` where the station gave one in place of an answer."""

    result: VariableResult
    loss: tuple[Loss, ...] = ()
    error: Declined | None = None


def _set(command: VariablesSet, _target: Target) -> Plan:
    writes: list[Write] = []
    for number, variable in enumerate(command.variables):  # what fails stops none of the others
        writes.append((yield from _write(variable, f"/variables/{number}/value")))
    results = tuple(write.result for write in writes)
    loss = tuple(lost for write in writes for lost in write.loss)
    errors = [write.error for write in writes if write.error is not None]
    if errors and len(errors) == len(writes):
        return msgspec.structs.replace(refused(errors[0], loss), answer=Answer(variables=results))
    return of_variables(results, loss)


def _write(variable: VariableValue, path: str) -> Generator[Ask, Said | Declined, Write]:
    place = place_of(variable)
    if isinstance(place, Nowhere):
        return Write(_result(variable, place.writing, info=place.info))
    value, loss = place.form.write(variable.value, path)
    if variable.value.strip() and not value:
        return _rejected(variable, "InvalidValue", "OCPP 1.6 knows nothing of what it names", loss)
    if place.form.merge is not None:
        reply = yield Ask("GetConfiguration", {"key": [place.key]})
        if isinstance(reply, Declined):
            return _failed(variable, reply)
        heard = Configuration()
        heard.hear((place.key,), reply)
        entry = heard.entries.get(folded(place.key))
        if entry is None:
            return Write(_result(variable, "UnknownVariable"))
        value = place.form.merge(entry.value or "", value)
    if len(value) > LONGEST_VALUE:  # never cut
        return _rejected(variable, "TooLargeElement", f"OCPP 1.6 has room for {LONGEST_VALUE} characters")
    reply = yield Ask("ChangeConfiguration", {"key": place.key, "value": value})
    if isinstance(reply, Declined):
        return _failed(variable, reply, loss)
    status = replies.status_of(reply.payload, replies.CONFIGURATION)
    if status is None:
        return _rejected(variable, "Unspecified", "the answer has no known status", loss)
    return Write(_result(variable, status.meaning.status), loss)


def _rejected(variable: VariableValue, reason: str, told: str, loss: tuple[Loss, ...] = ()) -> Write:
    info = StatusInfo(reason_code=reason, additional_info=told)
    return Write(_result(variable, "Rejected", info=info), loss)


def _failed(variable: VariableValue, reply: Declined, loss: tuple[Loss, ...] = ()) -> Write:
    return Write(_result(variable, "Rejected", info=_error(reply)), loss, reply)


COMMANDS: Outbound = {VariablesGet: _get, VariablesSet: _set}
"""The plans by command."""
