"""Identities: the same fact has the same id, another fact another one."""

import json
import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contract.model import Station
from gateway.translation import ids
from gateway.translation.table import Reading, translate
from tests.translation import golden

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=5),
)
PARTS = st.lists(
    st.text(st.characters(exclude_characters=ids.SEPARATOR, exclude_categories=["Cs"])), max_size=4
)


def reading(station: Station = golden.STATION) -> Reading:
    return golden.reading("1.6", "MeterValues", station=station)


def test_an_id_is_32_hexadecimal_digits() -> None:
    made = ids.identity(reading(), "started", "x")
    assert len(made) == 32
    assert set(made) <= set(string.hexdigits.lower())


@given(PARTS, PARTS)
def test_other_parts_make_another_id(one: list[str], other: list[str]) -> None:
    assert (ids.identity(reading(), *one) == ids.identity(reading(), *other)) is (one == other)


def test_another_station_or_tenant_makes_another_id() -> None:
    stations = [Station(id="A"), Station(id="B"), Station(id="A", tenant="B"), Station(id="B", tenant="A")]
    assert len({ids.identity(reading(station), "x") for station in stations}) == len(stations)


@given(st.dictionaries(st.text(max_size=5), JSON, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_keys_is_no_content(payload: dict[str, Any], random: Any) -> None:
    keys = list(payload)
    random.shuffle(keys)
    assert ids.canonical({key: payload[key] for key in keys}) == ids.canonical(payload)


@given(JSON)
def test_the_text_is_the_content(payload: Any) -> None:
    assert json.loads(ids.canonical(payload)) == payload


def test_a_repeated_message_is_the_same_fact_whatever_its_message_id() -> None:
    for action, case in timed_cases():
        first = identity_of(action, case.said, "1")
        assert first is not None
        assert identity_of(action, dict(reversed(case.said.items())), "2") == first


def test_two_messages_are_two_facts() -> None:
    found: dict[str | None, Any] = {}
    for action, case in timed_cases():
        identity = identity_of(action, case.said, "1")
        same = found.setdefault(identity, (action, case.said))
        assert same == (action, case.said) or action == "StartTransaction"


def timed_cases() -> list[tuple[str, golden.Case]]:
    actions = (
        "MeterValues",
        "SecurityEventNotification",
        "StartTransaction",
        "StatusNotification",
        "StopTransaction",
    )
    return [
        (action, case)
        for action in actions
        for case in golden.read("1.6", action)
        if case.published[0]["id"] is not None
        and "ts_missing" not in case.published[0]["data"].get("quirks", ())
    ]


def identity_of(action: str, said: Any, message_id: str) -> str | None:
    given_ = golden.Given(message_id=message_id)
    return (
        translate(golden.TABLES["1.6"][action], said, golden.reading("1.6", action, given_)).facts[0].identity
    )


NATIVES = st.uuids().map(str) | st.text(min_size=1, max_size=36)
STATIONS = st.builds(Station, id=st.text(min_size=1, max_size=9), tenant=st.none() | st.text(min_size=1))


@given(NATIVES, STATIONS)
def test_what_a_2x_station_calls_a_transaction_is_read_from_its_id(native: str, station: Station) -> None:
    assert ids.native_id_2x(ids.transaction_id_2x(native, station), station) == native


def test_another_stations_transaction_has_no_native_id() -> None:
    station = Station(id="A", tenant="T")
    assert ids.transaction_id_2x("17", station) == "T/A/17"
    for other in ("T/B/17", "A/17", "17", "", "T/A/", "T/A", "t/a/17"):
        assert ids.native_id_2x(other, station) is None, other
