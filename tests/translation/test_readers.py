"""Readers: what each makes of lawful and of odd JSON, and what it notes."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.translation import readers
from gateway.translation.table import Reader
from tests.translation import golden

WORDS = {"Local": "Local", "HardReset": "ImmediateReset"}


def read(reader: Reader, value: Any) -> tuple[Any, list[str]]:
    reading = golden.reading("1.6", "Heartbeat")
    return reader({"it": value}, reading), reading.quirks


@pytest.mark.parametrize(
    ("value", "result", "quirks"),
    [
        (None, None, []),
        ("", None, []),
        ("ACE-0042", "ACE-0042", []),
        ("ACE-0042-LONG", "ACE-0042-LONG", ["string_long"]),
        (4711, "4711", ["type_wrong"]),
        (47.5, "47.5", ["type_wrong"]),
        (10**100, None, ["type_wrong"]),
        (True, None, ["type_wrong"]),
        ([], None, ["type_wrong"]),
        ({"a": 1}, None, ["type_wrong"]),
    ],
)
def test_text(value: Any, result: str | None, quirks: list[str]) -> None:
    assert read(readers.text("it", 10), value) == (result, quirks)


@pytest.mark.parametrize(
    ("value", "result", "quirks"),
    [
        (None, None, []),
        (0, 0, []),
        (-7, -7, []),
        (2**63 - 1, 2**63 - 1, []),
        (2**63, None, ["type_wrong"]),
        (10**100, None, ["type_wrong"]),
        (7.0, 7, []),
        (26008.333, 26008, ["fractional_int"]),
        (26008.5, 26009, ["fractional_int"]),
        (-0.5, 0, ["fractional_int"]),
        ("7", 7, ["type_wrong"]),
        (" 7.6 ", 8, ["type_wrong", "fractional_int"]),
        ("seven", None, ["type_wrong"]),
        ("", None, ["type_wrong"]),
        (True, None, ["type_wrong"]),
        ([7], None, ["type_wrong"]),
        ({}, None, ["type_wrong"]),
        (1e300, None, ["type_wrong"]),
    ],
)
def test_integer(value: Any, result: int | None, quirks: list[str]) -> None:
    assert read(readers.integer("it"), value) == (result, quirks)


@pytest.mark.parametrize(
    ("value", "result", "quirks"),
    [
        (None, None, []),
        (12, Decimal(12), []),
        (12.50, Decimal("12.5"), []),
        (1e-7, Decimal("0.0000001"), []),
        (1e22, Decimal(10**22), []),
        ("12.50", Decimal("12.50"), ["type_wrong"]),
        ("1_000", None, ["type_wrong"]),
        ("١٢", None, ["type_wrong"]),
        ("NaN", None, ["type_wrong"]),
        ("Infinity", None, ["type_wrong"]),
        (float("nan"), None, ["type_wrong"]),
        (float("inf"), None, ["type_wrong"]),
        ("1e31", None, ["type_wrong"]),
        ("1e-31", None, ["type_wrong"]),
        ("1e999999999999999999999", None, ["type_wrong"]),
        ("0" * 100, None, ["type_wrong"]),
        (10**30, None, ["type_wrong"]),
        (False, None, ["type_wrong"]),
        ([], None, ["type_wrong"]),
    ],
)
def test_decimal(value: Any, result: Decimal | None, quirks: list[str]) -> None:
    found, noted = read(readers.decimal("it"), value)
    assert (found, noted) == (result, quirks)
    assert found is None or str(found) == str(result)


@pytest.mark.parametrize(
    ("value", "result", "quirks"),
    [
        (None, None, []),
        (True, True, []),
        (False, False, []),
        ("true", True, ["type_wrong"]),
        (" False ", False, ["type_wrong"]),
        (1, True, ["type_wrong"]),
        (0, False, ["type_wrong"]),
        ("yes", None, ["type_wrong"]),
        ([], None, ["type_wrong"]),
    ],
)
def test_boolean(value: Any, result: bool | None, quirks: list[str]) -> None:  # noqa: FBT001 - a table
    assert read(readers.boolean("it"), value) == (result, quirks)


@pytest.mark.parametrize(
    ("value", "result", "quirks"),
    [
        ("HardReset", "ImmediateReset", []),
        ("hardreset", "ImmediateReset", ["enum_case"]),
        (" Local ", "Local", ["enum_case"]),
        ("Melted", "Melted", ["enum_unknown"]),
        ("", None, ["enum_unknown"]),
        (7, "7", ["type_wrong", "enum_unknown"]),
        (["Local"], None, ["type_wrong"]),
        (None, None, []),
    ],
)
def test_one_of(value: Any, result: str | None, quirks: list[str]) -> None:
    assert read(readers.one_of("it", WORDS), value) == (result, quirks)


def test_one_of_with_words_for_the_unknown_and_the_missing() -> None:
    reader = readers.one_of("it", WORDS, unknown="Other", missing="Local")
    assert read(reader, "Melted") == ("Other", ["enum_unknown"])
    assert read(reader, ["Local"]) == ("Other", ["type_wrong"])
    assert read(reader, None) == ("Local", [])
    required = readers.one_of("it", WORDS, missing="Unknown", required=True)
    assert read(required, None) == ("Unknown", ["field_missing"])


@pytest.mark.parametrize(
    ("value", "result", "quirks"),
    [
        (None, (), []),
        ([], (), []),
        ([{"a": 1}], ({"a": 1},), []),
        ({"a": 1}, ({"a": 1},), ["shape"]),
        ([{"a": 1}, 7, None], ({"a": 1},), ["shape"]),
        ("text", (), ["shape"]),
    ],
)
def test_mappings(value: Any, result: tuple[Any, ...], quirks: list[str]) -> None:
    assert read(readers.mappings("it"), value) == (result, quirks)


@pytest.mark.parametrize("value", [7, [], "text", True])
def test_a_mapping_that_is_none(value: Any) -> None:
    assert read(readers.mapping("it"), value) == (None, ["type_wrong"])


def test_a_nested_path() -> None:
    reading = golden.reading("1.6", "Heartbeat")
    vendor = readers.text("chargingStation.modem.iccid")
    assert vendor({"chargingStation": {"modem": {"iccid": "89310"}}}, reading) == "89310"
    for payload in (
        {},
        {"chargingStation": None},
        {"chargingStation": {"modem": [1]}},
        {"chargingStation": "x"},
    ):
        assert vendor(payload, reading) is None


def test_what_is_noted_is_noted_once() -> None:
    reading = golden.reading("1.6", "Heartbeat")
    for _ in range(2):
        reading.quirk("shape")
        reading.infer("reason")
    assert (reading.quirks, reading.inferred) == (["shape"], ["reason"])


MAKERS: list[Callable[[], Reader]] = [
    lambda: readers.text("it", 3),
    lambda: readers.integer("it"),
    lambda: readers.decimal("it"),
    lambda: readers.boolean("it"),
    lambda: readers.moment("it"),
    lambda: readers.occurred_at("it"),
    lambda: readers.one_of("it", WORDS),
    lambda: readers.mapping("it"),
    lambda: readers.mappings("it"),
    lambda: readers.text("it.inner"),
    lambda: readers.as_written(readers.at("it")),
]


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    )
)
def test_no_reader_raises(value: Any) -> None:
    for make in MAKERS:
        read(make(), value)
