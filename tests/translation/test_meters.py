"""Samples: exact numbers in base units, nothing lost, at little cost."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.model import RawReading, Sample, SignedReading
from gateway.translation import kinds, meters
from gateway.translation.quantities import NATURAL_UNITS, UNITS_OF_16, scaled
from gateway.translation.table import Reading
from tests.translation import golden
from tests.translation.odd_payloads import odd

AT = "2026-08-04T13:39:58Z"


def reading(version: str = "2.0.1") -> Reading:
    return golden.reading(version, "MeterValues")


def one_16(**sampled: Any) -> tuple[Sample, Reading]:
    noted = reading("1.6")
    (sample,) = meters.read_16([{"timestamp": AT, "sampledValue": [sampled]}], noted)
    return sample, noted


def one_2x(**sampled: Any) -> tuple[Sample, Reading]:
    noted = reading()
    (sample,) = meters.read_2x([{"timestamp": AT, "sampledValue": [sampled]}], noted)
    return sample, noted


@pytest.mark.parametrize("unit", sorted(UNITS_OF_16))
def test_every_unit_of_16_is_known(unit: str) -> None:
    _, noted = one_16(value="1", unit=unit)
    assert noted.quirks == []


@pytest.mark.parametrize("measurand", sorted(NATURAL_UNITS))
def test_a_missing_unit_is_the_measurands_own(measurand: str) -> None:
    sample, noted = one_2x(value=1, measurand=measurand)
    assert sample.unit == NATURAL_UNITS[measurand]
    assert noted.inferred == ([] if sample.unit in (None, "Wh") else ["samples.unit"])
    assert sample.raw is None


@pytest.mark.parametrize(
    ("value", "unit", "multiplier", "text", "base"),
    [
        (12.5, "kWh", None, "12500", "Wh"),
        (12.5, "Wh", 3, "12500", "Wh"),
        (12.5, "kWh", -3, "12.5", "Wh"),
        (230123, "V", -3, "230.123", "V"),
        (12500, "kW", 0, "12500000", "W"),
        (5, None, 3, "5000", "Wh"),
        (293.15, "K", None, "20.00", "Celsius"),
        (212, "Fahrenheit", None, "100.000", "Celsius"),
        (0.1, "kWh", 0, "100", "Wh"),
        (1e-7, "Wh", None, "1E-7", "Wh"),
        (7, "Ohm", 2, "700", "Ohm"),
    ],
)
def test_units_and_multipliers_of_2x(
    value: float, unit: str | None, multiplier: int | None, text: str, base: str
) -> None:
    measure: dict[str, Any] = {"unit": unit, "multiplier": multiplier}
    sample, noted = one_2x(
        value=value, unitOfMeasure={name: inner for name, inner in measure.items() if inner is not None}
    )
    assert (str(sample.value), sample.unit) == (text, base)
    assert noted.quirks == []


def test_the_reading_as_it_was_written_stays() -> None:
    sample, _ = one_2x(value=12.5, unitOfMeasure={"unit": "kWh", "multiplier": 1})
    assert sample.value == 125_000
    assert sample.raw == RawReading(value="12.5", unit="kWh", multiplier=1)


@pytest.mark.parametrize("multiplier", [31, -31, 10**9])
def test_a_multiplier_that_no_meter_has(multiplier: int) -> None:
    sample, noted = one_2x(value=1, unitOfMeasure={"multiplier": multiplier})
    assert sample.value is None
    assert sample.raw == RawReading(value="1", multiplier=multiplier)
    assert noted.quirks == ["multiplier_unusable"]


@pytest.mark.parametrize("measure", [[], "kWh", 7, True])
def test_a_unit_that_is_no_object(measure: Any) -> None:
    sample, noted = one_2x(value=1, unitOfMeasure=measure)
    assert (sample.value, sample.unit) == (Decimal(1), "Wh")
    assert noted.quirks == ["type_wrong"]


@pytest.mark.parametrize(
    ("value", "number"), [("12.5", Decimal("12.5")), ("n/a", None), (None, None), (True, None)]
)
def test_a_value_of_2x_that_is_no_number(value: Any, number: Decimal | None) -> None:
    sample, noted = one_2x(value=value)
    assert sample.value == number
    assert noted.quirks == ["value_text"]


def test_signed_values_of_2x() -> None:
    sample, noted = one_2x(
        value=12407,
        signedMeterValue={
            "signedMeterData": "T0NNRg==",
            "encodingMethod": "OCMF",
            "signingMethod": "",
            "publicKey": "a2V5",
        },
    )
    assert sample.value == 12407
    assert sample.signed == SignedReading(data="T0NNRg==", encoding="OCMF", public_key="a2V5")
    assert noted.quirks == []


@pytest.mark.parametrize("signed", [[], "T0NNRg==", 7])
def test_signed_values_that_are_no_object(signed: Any) -> None:
    sample, noted = one_2x(value=12407, signedMeterValue=signed)
    assert sample.signed is None
    assert noted.quirks == ["type_wrong"]


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=3))
def test_numbers_are_exact(value: Decimal) -> None:
    for unit, factor in (("Wh", 1), ("kWh", 1000)):
        sample, _ = one_16(value=str(value), unit=unit)
        assert sample.value == value * factor
        if sample.raw is None:
            assert str(sample.value) == str(value)
        else:
            assert sample.raw == RawReading(value=str(value), unit=unit)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15))
def test_floats_are_their_shortest_digits(value: float) -> None:
    sample, _ = one_2x(value=value)
    assert sample.value is None or float(sample.value) == value
    assert sample.value is not None or abs(value) < 1e-29


@given(st.text(max_size=12))
def test_no_text_is_lost(text: str) -> None:
    sample, _ = one_16(value=text)
    assert sample.raw == RawReading(value=text) or str(sample.value) == text


@given(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15),
    st.integers(-30, 30),
)
def test_scaling_is_exact_and_plain(value: Decimal, exponent: int) -> None:
    made = scaled(value, exponent)
    assert Fraction(made) == Fraction(value) * Fraction(10) ** exponent
    assert "E+" not in str(made)


@given(odd("1.6", "MeterValues"), odd("2.1", "MeterValues"))
def test_whatever_stands_there(said_16: Any, said_2x: Any) -> None:
    for said in (said_16, said_2x):
        meters.read_16(said, reading("1.6"))
        meters.read_2x(said, reading())


def test_the_newest_time_is_that_of_the_last_group() -> None:
    assert meters.newest({"meterValue": [{"timestamp": "a"}, {"timestamp": "b"}]}) == "b"
    assert meters.newest({"meterValue": {"timestamp": "a"}}) == "a"
    nowhere: tuple[dict[str, Any], ...] = ({}, {"meterValue": []}, {"meterValue": [7]}, {"meterValue": "x"})
    assert [meters.newest(payload) for payload in nowhere] == [None] * len(nowhere)


def test_only_known_words_are_remembered() -> None:
    """What a station writes must not grow the gateway's memory."""
    one_16(value="1", measurand="Voltage", unit="V", phase="L1")
    before = len(kinds._KINDS)
    one_16(value="1", measurand="Voltage", unit="V", phase="L1")
    for word in ("Vendor.Word", "voltage"):
        for place in ("measurand", "unit", "context", "phase", "location"):
            one_16(**{"value": "1", place: word})
    one_2x(value=1, unitOfMeasure={"multiplier": "3"})
    assert len(kinds._KINDS) == before


def test_memory_of_kinds_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kinds, "_MOST_KINDS", len(kinds._KINDS))
    before = len(kinds._KINDS)
    for multiplier in range(-30, 31):
        sample, _ = one_2x(
            value=1, measurand="Display.InletHot", unitOfMeasure={"unit": "Deg", "multiplier": multiplier}
        )
        assert sample.value == Decimal(10) ** multiplier
    assert len(kinds._KINDS) == before
