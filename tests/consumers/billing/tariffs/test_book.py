"""Files of tariffs: what is read, what is refused and where, who gets which, and how it is told."""

from decimal import Decimal
from textwrap import dedent
from typing import Any

import pytest

from consumers.billing.tariffs.book import TariffBook, read
from consumers.billing.tariffs.checking import tariff_faults
from consumers.billing.tariffs.choosing import Occasion, chosen
from consumers.billing.tariffs.explaining import explained
from tests.support.tariffs import component, element, moment, tariff

FILE = """
    country_code: DE
    party_id: ABC
    last_updated: 2026-01-01T00:00:00Z
    tariffs:
      - id: standard
        currency: EUR
        max_price: {excl_vat: 50, incl_vat: 59.50}
        elements:
          - price_components:
              - {type: FLAT, price: 1, step_size: 0}
              - {type: ENERGY, price: 0.1, vat: 19, step_size: 100}
            restrictions: {start_time: 22:00, end_time: 06:00, day_of_week: [SUNDAY, FRIDAY], max_kwh: 20}
          - price_components:
              - {type: ENERGY, price: 0.49, vat: 19, step_size: 1}
              - {type: PARKING_TIME, price: 2.40, vat: 19, step_size: 900}
            restrictions: {min_duration: 5400}
      - id: standard
        currency: EUR
        start_date_time: 2026-07-01T00:00:00+02:00
        elements:
          - price_components: [{type: ENERGY, price: 0.55, step_size: 1}]
      - id: staff
        party_id: XYZ
        currency: EUR
        end_date_time: 2027-01-01T00:00:00Z
        elements:
          - price_components: [{type: TIME, price: 6, step_size: 1}]
            restrictions: {reservation: RESERVATION, start_date: 2026-02-01}
          - price_components: [{type: FLAT, price: 0, step_size: 1}]
    assignments:
      - tariff: standard
      - {tariff: staff, tokens: [04a2b9, "0815"], groups: [depot, yard]}
"""


def book(text: str) -> TariffBook:
    found = read(dedent(text))
    assert isinstance(found, TariffBook), found
    return found


def refused(text: str) -> list[str]:
    found = read(dedent(text))
    assert isinstance(found, list)
    return [str(fault) for fault in found]


def test_a_file_is_read_as_it_is_written() -> None:
    one = book(FILE)
    first, later, staff = one.tariffs
    assert [each.party_id for each in one.tariffs] == ["ABC", "ABC", "XYZ"]
    night, day = first.elements
    assert night.restrictions
    assert (night.restrictions.start_time, night.restrictions.end_time) == ("22:00", "06:00")
    assert night.price_components[1].price == Decimal("0.1")
    assert day.price_components[1].price == Decimal("2.40")
    assert later.start_date_time == moment("2026-06-30T22:00")
    assert staff.end_date_time == moment("2027-01-01T00:00")
    assert one.assignments[1].tokens == ("04a2b9", "0815")


def test_json_is_read_too() -> None:
    said = (
        '{"tariffs": [{"country_code": "DE", "party_id": "ABC", "id": "1", "currency": "EUR", "elements": '
        '[{"price_components": [{"type": "ENERGY", "price": 1e-1, "step_size": 1}]}], '
        '"last_updated": "2026-01-01T00:00:00Z"}]}'
    )
    assert book(said).tariffs[0].elements[0].price_components[0].price == Decimal("0.1")


def test_every_fault_is_said_with_its_place() -> None:
    assert refused(
        """
        country_code: DE
        party_id: ABC
        last_updated: 2026-01-01T00:00:00Z
        tariffs:
          - id: standard
            currency: EUR
            element: 1
            elements:
              - price_components:
                  - {type: ENERGIE, price: x, step_size: 1.5}
                  - {price: ~, step_size: 1}
                restrictions: {end_time: "24:00", day_of_week: [FRYDAY], start_date: 2026-02-30}
          - 7
          - id: [1]
          - {id: none, currency: EUR, elements: []}
        assignments:
          - tariff: standard
          - {tariffs: staff, tokens: [12]}
        """
    ) == [
        "/assignments/1: needs tariff",
        "/assignments/1/tariffs: no such field; did you mean tariff?",
        "/assignments/1/tokens/0: Expected `str`, got `int`",
        "/tariffs/0/element: no such field; did you mean elements?",
        "/tariffs/0/elements/0/price_components/0/price: Invalid decimal string",
        "/tariffs/0/elements/0/price_components/0/step_size: Expected `int`, got `decimal`",
        "/tariffs/0/elements/0/price_components/0/type: 'ENERGIE' is none of ENERGY, FLAT, PARKING_TIME, TIME",
        "/tariffs/0/elements/0/price_components/1: needs type",
        "/tariffs/0/elements/0/price_components/1/price: null; leave it out",
        "/tariffs/0/elements/0/restrictions/day_of_week/0: Invalid enum value 'FRYDAY'",
        "/tariffs/0/elements/0/restrictions/end_time: Expected `str` matching regex '^([0-1][0-9]|2[0-3]):[0-5][0-9]$'",
        "/tariffs/0/elements/0/restrictions/start_date: Invalid RFC3339 encoded date",
        "/tariffs/1: Expected `object`, got `int`",
        "/tariffs/2: needs currency, elements",
        "/tariffs/2/id: Expected `str`, got `array`",
        "/tariffs/3/elements: Expected `array` of length >= 1",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no tariff file"),
        ("7", "no tariff file"),
        ("[", "no YAML"),
        ("tariffs: 1\ntariffs: 2", "'tariffs' stands twice"),
        ("? {a: 1}\n: 2", "no YAML"),
        ("tariffs: {}", "/tariffs: Expected `array`"),
        ("tariffs: []", "/tariffs: Expected `array` of length >= 1"),
        ("tariff: []", "needs tariffs"),
        ("tariffs: !!python/object/apply:os.system [ls]", "no YAML"),
    ],
)
def test_what_is_no_file_of_tariffs_is_refused(text: str, fault: str) -> None:
    assert any(fault in said for said in refused(text))


def test_versions_and_assignments_must_be_clear() -> None:
    text = dedent(FILE).replace(
        "  - tariff: standard\n", "  - tariff: standard\n  - tariff: standard\n  - tariff: gone\n"
    )
    assert refused(text.replace("start_date_time: 2026-07-01T00:00:00+02:00", "type: REGULAR")) == [
        "/tariffs/1: a second 'standard' from the same start_date_time on",
        "/assignments/1: said before",
        "/assignments/2/tariff: there is no tariff 'gone'",
    ]


ENERGY = component("ENERGY", "1")
ABSURD = "/elements/0/price_components/0/price: no number that anybody would ask for"
NEVER = "{}: never counts: /elements/0/price_components/0 has the ENERGY price already"
WITH_VAT = component("ENERGY", "1", vat="19")


@pytest.mark.parametrize(
    ("elements", "more", "faults"),
    [
        ([element(component("ENERGY", "-1"))], {}, ["/elements/0/price_components/0/price: below 0"]),
        ([element(component("ENERGY", "NaN"))], {}, [ABSURD]),
        ([element(component("ENERGY", "1e999999"))], {}, [ABSURD]),
        ([element(component("ENERGY", "1e-999999"))], {}, [ABSURD]),
        ([element(component("FLAT", "1", vat="101"))], {}, ["/elements/0/price_components/0/vat: not from 0 to 100"]),
        ([element(component("TIME", "1", step=0))], {}, ["/elements/0/price_components/0/step_size: at least 1"]),
        ([element(component("FLAT", "1", step=0))], {}, []),
        (
            [element(ENERGY, ENERGY)],
            {},
            [NEVER.format("/elements/0/price_components/1")],
        ),
        (
            [element(ENERGY), element(ENERGY, max_kwh="3")],
            {},
            [NEVER.format("/elements/1/price_components/0")],
        ),
        ([element(component("TIME", "1")), element(component("TIME", "1"), reservation="RESERVATION")], {}, []),
        (
            [element(ENERGY, reservation="RESERVATION")],
            {},
            ["/elements/0/price_components/0/type: a reservation has FLAT and TIME only"],
        ),
        (
            [element(ENERGY, min_kwh="3", max_kwh="3", max_power="0", min_current="-1")],
            {},
            [
                "/elements/0/restrictions/min_current: below 0",
                "/elements/0/restrictions/max_power: 0: the element never holds",
            ],
        ),
        (
            [element(ENERGY, min_kwh="3", max_kwh="3", start_date="2026-01-02", end_date="2026-01-01")],
            {},
            [
                "/elements/0/restrictions/max_kwh: not above min_kwh: the element never holds",
                "/elements/0/restrictions/end_date: not above start_date: the element never holds",
            ],
        ),
        (
            [element(ENERGY, start_time="10:00", end_time="10:00")],
            {},
            ["/elements/0/restrictions/end_time: the same as start_time; leave both out if it is the whole day"],
        ),
        ([element(ENERGY, start_time="00:00", end_time="00:00")], {}, []),
        ([element(ENERGY)], {"min_price": {"excl_vat": 1, "incl_vat": 2}}, ["/min_price/incl_vat: no price has VAT"]),
        ([element(WITH_VAT)], {"max_price": {"excl_vat": 1}}, ["/max_price: needs incl_vat, as the prices have VAT"]),
        (
            [element(WITH_VAT)],
            {"max_price": {"excl_vat": 2, "incl_vat": 1}},
            ["/max_price/incl_vat: below excl_vat"],
        ),
        (
            [element(ENERGY)],
            {"min_price": {"excl_vat": 3}, "max_price": {"excl_vat": 2}},
            ["/max_price: below min_price"],
        ),
        (
            [element(ENERGY)],
            {"start_date_time": "2026-01-01T00:00:00Z", "end_date_time": "2026-01-01T00:00:00Z"},
            ["/end_date_time: not after start_date_time: it is never in force"],
        ),
    ],
)  # fmt: skip
def test_a_tariff_that_cannot_be_meant_is_refused(
    elements: list[dict[str, Any]], more: dict[str, Any], faults: list[str]
) -> None:
    assert [str(fault) for fault in tariff_faults(tariff(*elements, **more))] == faults


CHOICES = """
    country_code: DE
    party_id: ABC
    last_updated: 2026-01-01T00:00:00Z
    tariffs:
      - &any {id: any, currency: EUR, elements: [price_components: [{type: ENERGY, price: 1, step_size: 1}]]}
      - {<<: *any, id: late}
      - {<<: *any, id: group}
      - {<<: *any, id: station}
      - {<<: *any, id: token}
      - {<<: *any, id: both}
      - {<<: *any, id: old, end_date_time: 2026-03-01T00:00:00Z}
    assignments:
      - tariff: any
      - tariff: late
      - {tariff: group, groups: [G, H]}
      - {tariff: station, stations: [S, R]}
      - {tariff: token, tokens: [AbC]}
      - {tariff: both, tokens: [abc], stations: [S]}
      - {tariff: old, tokens: [abc], stations: [S], groups: [G]}
"""


@pytest.mark.parametrize(
    ("station", "groups", "tokens", "at", "expected"),
    [
        ("X", (), (), "2026-01-01", "any"),
        ("X", ("G",), (), "2026-01-01", "group"),
        ("X", ("J", "H"), ("xyz",), "2026-01-01", "group"),
        ("R", ("G",), (), "2026-01-01", "station"),
        ("R", ("G",), ("abc",), "2026-01-01", "token"),
        ("X", (), ("ABC ",), "2026-01-01", "token"),
        ("X", (), ("driver", "abc"), "2026-01-01", "token"),
        ("S", (), ("abc",), "2026-01-01", "both"),
        ("S", ("G",), ("abc",), "2026-01-01", "old"),
        ("S", ("G",), ("abc",), "2026-02-28", "old"),
        ("S", ("G",), ("abc",), "2026-03-01", "both"),
    ],
)
def test_the_most_specific_tariff_in_force_is_chosen(
    station: str, groups: tuple[str, ...], tokens: tuple[str, ...], at: str, expected: str
) -> None:
    found = chosen(book(CHOICES), Occasion(station, moment(at), groups, tokens))
    assert found
    assert found.id == expected


def test_the_version_in_force_when_it_begins_is_chosen() -> None:
    one = book(FILE)
    for at, price in (("2026-06-30T21:59", "0.1"), ("2026-06-30T22:00", "0.55"), ("2030-01-01", "0.55")):
        found = chosen(one, Occasion("S", moment(at)))
        assert found
        assert found.elements[0].price_components[-1].price == Decimal(price)


def test_where_no_tariff_is_for_a_session_it_has_none() -> None:
    text = dedent(FILE).replace("  - tariff: standard\n", "")
    assert chosen(book(text), Occasion("S", moment("2026-01-01"))) is None


def test_a_book_is_told_in_words() -> None:
    assert explained(book(FILE)) == dedent("""\
        standard, in EUR:
          1 once a session on Friday and Sunday, from 22:00 to 06:00, for the first 20 kWh
          0.1 + 19 % VAT per kWh (in steps of 100 Wh) on Friday and Sunday, from 22:00 to 06:00, for the first 20 kWh
          0.49 + 19 % VAT per kWh after the first 90 minutes
          2.40 + 19 % VAT per hour of parking (in steps of 15 minutes) after the first 90 minutes
          nothing for the time of charging
          at most 50 (59.50 with VAT) a session
          Of several prices for the same the first counts whose conditions are met.

        standard, in EUR, for sessions that begin from 2026-06-30 22:00 UTC on:
          0.55 per kWh
          nothing for the time of charging and the time of parking

        staff, in EUR, for sessions that begin before 2027-01-01 00:00 UTC:
          6 per hour of reservation from 2026-02-01 on
          0 once a session
          nothing for energy, the time of charging and the time of parking
          Of several prices for the same the first counts whose conditions are met.

        Who has which:
          standard: everybody
          staff: token 04a2b9 or 0815, in group depot or yard
        """)
