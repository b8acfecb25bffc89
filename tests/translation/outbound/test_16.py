"""The commands of OCPP 1.6 are whole, and hold against whatever is asked and whatever a station answers."""

import re
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.commands import ChargingProfileSet, Command, VariableName, VariablesGet
from contract.model import Evse, Station
from contract.vocabulary import COMMANDS
from gateway.ocpp.schemas import SCHEMAS
from gateway.translation import v16
from gateway.translation.outbound.configuration_keys import CHARACTERISTICS, ROWS, Place, place_of
from gateway.translation.outbound.configuration_report import Entry, variables_of
from gateway.translation.outbound.plan import Ask, Declined, Invalid, Outcome, Said, Unsupported
from gateway.translation.outbound.v16 import OUTBOUND
from gateway.translation.transaction_numbers import canonical_id
from tests.support.contract_values import JSON, LEAVES, TEXTS, values_of
from tests.support.payloads import document, valid
from tests.translation.outbound import golden

KINDS = [pytest.param(kind, id=kind.NAME) for kind in OUTBOUND]
ACTIONS = (SCHEMAS["1.6"].requests.keys() - v16.TABLE.keys()) | {"DataTransfer"}
BOUNDED = settings(max_examples=50, deadline=None, suppress_health_check=list(HealthCheck))

Station16 = Callable[[Ask], Said | Declined]


def carried_out(command: Command, station: Station16, most_calls: int = 200) -> Outcome:
    """The outcome with the answers of a station; Unsupported and Invalid as they are raised."""
    plan = OUTBOUND[type(command)](command, golden.target("1.6"))
    try:
        ask = next(plan)
        for _ in range(most_calls):
            ask = plan.send(station(ask))
    except StopIteration as stop:
        outcome: Outcome = stop.value
        return outcome
    raise AssertionError("it goes on asking")


def carried_out_or_refused(command: Command, station: Station16) -> Outcome:
    """The same; a refusal is an outcome, too."""
    try:
        return carried_out(command, station)
    except (Unsupported, Invalid) as refusal:
        return Outcome(status=type(refusal).__name__.lower(), why=str(refusal))


def test_all_26_actions_that_a_station_takes_are_reached() -> None:
    assert len(ACTIONS) == 26
    reached = {
        call.action for kind in OUTBOUND for case in golden.read("1.6", kind.NAME) for call in case.calls
    }
    assert reached == ACTIONS


def test_the_plans_are_of_the_commands_that_16_knows() -> None:
    assert set(OUTBOUND) == {kind for kind in COMMANDS.values() if "1.6" in kind.VERSIONS}


ODD = {
    *("wrong_case", "unknown_status", "no_status", "second_unreadable"),
    *("not_a_list", "nothing_said", "odd_values"),
}
"""The golden cases in which a station says what the official schema does not allow."""


@pytest.mark.parametrize("kind", KINDS)
def test_stations_of_golden_cases_speak_as_the_schema_has_it(kind: type[Command]) -> None:
    for case in golden.read("1.6", kind.NAME):
        lawful = [
            golden.is_lawful_answer("1.6", call) for call in case.calls if call.said is not msgspec.UNSET
        ]
        assert all(lawful) or case.case in ODD, case.case


@pytest.mark.parametrize("kind", KINDS)
def test_every_status_of_every_answer_is_understood(kind: type[Command]) -> None:
    """In the letters of OCPP and in small ones; a fallback is answered with the same word, if it has it."""
    for case in golden.read("1.6", kind.NAME):
        if not case.calls or case.calls[0].invalid:
            continue
        command = golden.command(kind.NAME, case.arguments)
        for word in _statuses(case.calls[-1].action):

            def station(ask: Ask, word: str = word) -> Said:
                known = _statuses(ask.action)
                return Said({"status": word if word in known or not known else min(known)})

            outcome = carried_out(command, station)
            assert outcome.status in ("accepted", "rejected", "unsupported")
            small = carried_out(command, lambda ask: Said({"status": station(ask).payload["status"].lower()}))
            assert small.status == outcome.status


def _statuses(action: str) -> set[str]:
    root = document("1.6", action, "Response")
    status = root.get("properties", {}).get("status", {})
    if "$ref" in status:
        status = root["definitions"][status["$ref"].rsplit("/", 1)[-1]]
    return set(status.get("enum", ()))


def official(version: str, action: str, kind: str = "Request") -> st.SearchStrategy[Any]:
    """Payloads that the official schema allows."""
    return st.builds(
        lambda seed, optional: valid(document(version, action, kind), Random(seed), optional),
        st.integers(0, 10**6),
        st.floats(0, 1),
    )


OWN = canonical_id(golden.STATION, 1212345678)
TRANSACTIONS = st.sampled_from([OWN, OWN.upper(), canonical_id(Station(id="AMS-0007"), 7), "AMS-0007/17", ""])
PROFILES = st.builds(
    lambda payload, transaction: payload["chargingProfile"] | transaction,
    official("2.1", "SetChargingProfile"),
    st.just({}) | TRANSACTIONS.map(lambda id_: {"transactionId": id_}),
)
COMPONENTS = official("2.1", "GetReport").map(lambda payload: payload.get("componentVariable", [{}])[0])


def commands(
    kind: type[Command], texts: st.SearchStrategy[str], data: st.SearchStrategy[Any] = JSON
) -> st.SearchStrategy[Any]:
    """Commands that the contract allows, with these texts, and such data where any JSON may stand."""
    objects = COMPONENTS if kind.NAME == "device_model.get_report" else PROFILES
    made = values_of(kind, {**LEAVES, str: texts, Any: data, dict[str, Any]: objects})
    if "transaction_id" in kind.__struct_fields__:
        return st.builds(msgspec.structs.replace, made, transaction_id=TRANSACTIONS)
    return made


def yes(ask: Ask) -> Said:
    return Said({"status": "Unlocked" if ask.action == "UnlockConnector" else "Accepted"})


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_asked_becomes_lawful_calls_or_is_refused_with_a_reason(kind: type[Command]) -> None:
    @BOUNDED
    @given(commands(kind, TEXTS))
    def holds(command: Command) -> None:
        def station(ask: Ask) -> Said:
            assert ask.action in ACTIONS
            assert golden.fault("1.6", ask) is None
            return yes(ask)

        outcome = carried_out_or_refused(command, station)
        assert outcome.status in ("accepted", "rejected") or outcome.why
        assert golden.has_shape(msgspec.json.decode(msgspec.json.encode(outcome)))

    holds()


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_too_long_is_never_cut(kind: type[Command]) -> None:
    """It is refused by the plan, or by the official schema, or stands in the CALL as a whole."""
    texts = st.sampled_from([21, 600, 11_000]).map("✂".__mul__)

    @BOUNDED
    @given(commands(kind, texts, st.lists(texts, max_size=2)))
    def holds(command: Command) -> None:
        def station(ask: Ask) -> Said:
            found = re.findall("✂+", msgspec.json.encode(ask.payload).decode())
            assert {len(text) for text in found} <= {21, 600, 11_000}
            return yes(ask)

        carried_out_or_refused(command, station)

    holds()


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_station_answers_is_an_outcome(kind: type[Command]) -> None:
    case = next(case for case in golden.read("1.6", kind.NAME) if case.calls)
    command = golden.command(kind.NAME, case.arguments)
    errors = st.builds(
        Declined, st.sampled_from(["NotImplemented", "FormatViolation", "InternalError"]), TEXTS
    )

    @BOUNDED
    @given(st.data())
    def holds(data: st.DataObject) -> None:
        def station(ask: Ask) -> Said | Declined:
            lawful = official("1.6", ask.action, "Response")
            wild = st.dictionaries(st.sampled_from(_members(ask.action)), JSON)
            return data.draw(errors | (lawful | wild).map(Said))

        outcome = carried_out(command, station)
        assert outcome.status in ("accepted", "rejected", "failed", "unsupported")
        assert outcome.status in ("accepted", "rejected") or outcome.why
        assert golden.has_shape(msgspec.json.decode(msgspec.json.encode(outcome)))

    holds()


def _members(action: str) -> list[str]:
    return [*document("1.6", action, "Response").get("properties", {}), "status"]


@BOUNDED
@given(st.floats(-(10**9), 10**9) | st.integers(-(10**9), 10**9))
def test_a_limit_is_never_rounded_up(limit: float) -> None:
    period = {"startPeriod": 0, "limit": limit}
    schedule = {"id": 1, "chargingRateUnit": "A", "chargingSchedulePeriod": [period]}
    profile = {
        "id": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxDefaultProfile",
        "chargingProfileKind": "Absolute",
        "chargingSchedule": [schedule],
    }

    def station(ask: Ask) -> Said:
        made = ask.payload["csChargingProfiles"]["chargingSchedule"]["chargingSchedulePeriod"][0]["limit"]
        assert made <= limit
        assert limit - made < 0.1 + 1e-6
        assert golden.fault("1.6", ask) is None
        return yes(ask)

    outcome = carried_out(ChargingProfileSet(evse_id=1, charging_profile=profile), station)
    assert (outcome.loss != ()) is (round(limit, 1) != limit)


# Configuration keys


def test_each_key_is_one_variable_and_fits_its_field() -> None:
    keys = [row.key.casefold() for row in (*ROWS, *CHARACTERISTICS)]
    assert len(set(keys)) == len(keys) == 58
    assert max(map(len, keys)) <= 50
    assert len({(row.component, row.variable, row.instance) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.key) for row in ROWS])
def test_a_variable_is_found_by_its_key_and_back(row: Any) -> None:
    name = VariableName(component=row.component, variable=row.variable, variable_instance=row.instance)
    assert place_of(name) == Place(row.key, row.form)
    (found,) = variables_of([Entry(f" {row.key.upper()} ", "A", readonly=True)])
    assert (found.component, found.variable, found.variable_instance) == (
        row.component,
        row.variable,
        row.instance,
    )
    assert found.value == (None if row.form.write_only else "A")


@pytest.mark.parametrize(
    ("variable", "value", "key_value"),
    [
        ("TxUpdatedMeasurands", "Voltage,Current.Import.L1", "Voltage,Current.Import.L1"),
        ("RateUnit", "A,W", "Current,Power"),
        ("OfflineTxForUnknownIdEnabled", "true", "true"),
    ],
)
def test_a_value_is_read_as_it_was_written(variable: str, value: str, key_value: str) -> None:
    (row,) = (row for row in ROWS if row.variable == variable)
    written = row.form.write(value, "/value")
    assert written.value == key_value
    assert not written.loss
    assert row.form.read(key_value) == value


PARTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/[]@"), min_size=1, max_size=9)


@given(
    st.builds(
        VariableName,
        component=PARTS.map(str.strip).filter(bool).map(lambda part: f"X{part}"),
        component_instance=st.none() | PARTS,
        variable=PARTS.map(str.strip).filter(bool),
        variable_instance=st.none() | PARTS,
        evse=st.none() | st.builds(Evse, id=st.integers(0, 99), connector_id=st.none() | st.integers(0, 9)),
    )
)
def test_a_variable_that_16_does_not_know_is_spelled_as_a_key(name: VariableName) -> None:
    place = place_of(name)
    assert isinstance(place, Place)
    (found,) = variables_of([Entry(place.key, "1", readonly=None)])
    assert {field: getattr(found, field) for field in VariableName.__struct_fields__} == {
        field: getattr(name, field) for field in VariableName.__struct_fields__
    }


@pytest.mark.parametrize("most", [1, 3, 7, 100])
@pytest.mark.parametrize("tells", [True, False])
def test_each_key_is_read_once_whatever_the_station_takes(most: int, *, tells: bool) -> None:
    keys = [f"Key{number}" for number in range(25)]
    read: list[str] = []

    def station(ask: Ask) -> Said | Declined:
        asked = ask.payload["key"]
        if len(asked) > most:
            return Declined("OccurrenceConstraintViolation", f"at most {most}")
        if asked == ["GetConfigurationMaxKeys"]:
            entry = {"key": asked[0], "readonly": True, "value": str(most)}
            return Said({"configurationKey": [entry] if tells else []})
        read.extend(asked)
        return Said({"configurationKey": [{"key": key, "readonly": False, "value": key} for key in asked]})

    names = tuple(VariableName(component="OCPP16Ctrlr", variable=key) for key in keys)
    outcome = carried_out(VariablesGet(variables=names), station)
    assert outcome.status == "accepted"
    assert outcome.answer
    assert [variable.value for variable in outcome.answer.variables] == keys == read
