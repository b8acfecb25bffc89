"""Payloads that no schema allows, and that come near it: for property tests."""

import json
from functools import cache
from typing import Any

import orjson
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.support.payloads import document

_ODD: SearchStrategy[Any] = st.sampled_from(
    (
        *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**70, -(2**70), 0.5, -0.0, 1e300, 2.0),
        *("", " ", "0", "-1", "NaN", "1e999999", "true", "Accepted", "ISO14443", "\x00", "é" * 300),
        *("2026-08-04T13:39:58Z", "2026-08-04T13:39:58", "1970-01-01", "9999-12-31T23:59:59-14:00", "T"),
        *([], {}, [[]], [{}], [None], {"id": []}),
    )
)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_LEAVES = _ODD | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _TEXTS


def odd(version: str, action: str) -> SearchStrategy[Any]:
    """Any JSON, most of it with the names and words of the action's schema in wrong places."""
    names, words = _vocabulary(version, action)
    leaves = _LEAVES | st.sampled_from(words) if words else _LEAVES
    keys = st.sampled_from(names) if names else _TEXTS
    inner = st.recursive(
        leaves,
        lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(keys, deeper, max_size=6),
        max_leaves=25,
    )
    return (st.dictionaries(keys, inner, max_size=8) | inner).map(as_received)


def as_received(payload: Any) -> Any:
    """As the gateway's JSON reader gives it: an integer of more than 64 bits is a float there."""
    return orjson.loads(json.dumps(payload))


@cache
def _vocabulary(version: str, action: str) -> tuple[list[str], list[str]]:
    names: set[str] = set()
    words: set[str] = set()

    def collect(node: Any) -> None:
        if isinstance(node, dict):
            names.update(node.get("properties", {}))
            words.update(word for word in node.get("enum", []) if isinstance(word, str))
            for inner in node.values():
                collect(inner)
        elif isinstance(node, list):
            for inner in node:
                collect(inner)

    collect(document(version, action))
    return sorted(names), sorted(words)
