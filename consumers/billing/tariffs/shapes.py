"""Every fault in the shape of JSON, where a decoder would stop at its first."""

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec

from contract.checking import Fault, fault_of, strange
from contract.model import Value


def misshapen(data: Any, kind: type[Value]) -> list[Fault]:
    """What is wrong with data that should be of this kind; at each place only the first complaint."""
    found: dict[str, Fault] = {}
    for fault in (*strange(data, kind), *_unfit(data, kind, "")):
        found.setdefault(fault.pointer, fault)
    return sorted(found.values(), key=_in_order)


def _in_order(fault: Fault) -> list[str]:
    """Number 10 after number 9."""
    return [step.zfill(9) if step.isdigit() else step for step in fault.pointer.split("/")]


def _unfit(data: Any, kind: Any, pointer: str) -> Iterator[Fault]:
    struct, is_list = _inner(kind)
    if struct and is_list and isinstance(data, list) and data:
        for number, item in enumerate(data):
            yield from _unfit(item, struct, f"{pointer}/{number}")
    elif struct and not is_list and isinstance(data, dict):
        fields = msgspec.structs.fields(struct)
        missing = [field.encode_name for field in fields if field.required and field.encode_name not in data]
        if missing:
            yield Fault(pointer, f"needs {', '.join(missing)}")
        for field in fields:
            if field.encode_name in data:
                yield from _unfit(data[field.encode_name], field.type, f"{pointer}/{field.encode_name}")
    else:
        yield from _refused(data, kind, pointer)


def _refused(data: Any, kind: Any, pointer: str) -> Iterator[Fault]:
    try:
        msgspec.convert(data, kind)
    except msgspec.ValidationError as error:
        yield fault_of(error, pointer)


def _inner(kind: Any) -> tuple[type[Value] | None, bool]:
    """The struct that a type is or may be, and whether it is a list of them."""
    if isinstance(kind, type) and issubclass(kind, Value):
        return kind, False
    if get_origin(kind) in (Union, UnionType, Annotated):
        found = (_inner(part) for part in get_args(kind))
        return next((inner for inner in found if inner[0]), (None, False))
    if get_origin(kind) is tuple:
        return _inner(get_args(kind)[0])[0], True
    return None, False
