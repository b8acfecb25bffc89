"""Any value that the contract allows for a type: strategies made from the classes themselves."""

from datetime import UTC
from decimal import Decimal
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from contract.model import Moment

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LARGEST = 2**53
NUMBERS = st.integers(-LARGEST, LARGEST)
MOMENTS = st.datetimes(timezones=st.just(UTC))
READINGS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15)
FRACTIONS = st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | FRACTIONS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)

Leaves = dict[Any, st.SearchStrategy[Any]]

LEAVES: Leaves = {
    Any: JSON,
    Moment: MOMENTS,
    Decimal: READINGS,
    bool: st.booleans(),
    float: FRACTIONS,
    int: NUMBERS,
    str: TEXTS,
    type(None): st.none(),
}


def values_of(kind: Any, leaves: Leaves = LEAVES) -> st.SearchStrategy[Any]:
    """Any value of a type; `leaves` are the strategies of those that are not taken apart."""
    if kind in leaves:
        return leaves[kind]
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if get_origin(kind) is tuple:
        return st.lists(values_of(get_args(kind)[0], leaves), max_size=2).map(tuple)
    if get_origin(kind) is dict:
        return st.dictionaries(TEXTS, JSON, max_size=3)
    if get_origin(kind) is Annotated:
        inner, *bounds = get_args(kind)
        return _bounded(inner, bounds, leaves)
    if get_args(kind):
        return st.one_of([values_of(choice, leaves) for choice in get_args(kind)])
    fields = msgspec.structs.fields(kind)
    return st.builds(kind, **{field.name: values_of(field.type, leaves) for field in fields})


def _bounded(kind: Any, bounds: list[msgspec.Meta], leaves: Leaves) -> st.SearchStrategy[Any]:
    """Values of a type with limits of its own. A limit that is not known here shows as a refused value."""
    (bound,) = bounds
    if kind is int:
        return st.integers(
            int(-LARGEST if bound.ge is None else bound.ge), int(LARGEST if bound.le is None else bound.le)
        )
    if kind is str:
        return st.text(
            st.characters(exclude_categories=["Cs"]),
            min_size=bound.min_length or 0,
            max_size=bound.max_length or 20,
        )
    return values_of(kind, leaves)
