"""The commands of OCPP 2.x are whole, and hold against whatever is asked and whatever a station answers."""

from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contract.commands import Command, VariablesGet, VariablesSet, VariableValue
from contract.passed_down import PASSED_DOWN, PassedDown
from contract.results import VariableResult
from contract.vocabulary import COMMANDS
from gateway.ocpp.schemas import SCHEMAS
from gateway.translation import v21, v201
from gateway.translation.outbound.exchange_2x import by_status, status_of
from gateway.translation.outbound.plan import Ask, Declined, Invalid, Outcome, Plan, Said, Unsupported
from gateway.translation.outbound.v2x import WITH_REQUEST_ID
from gateway.translation.outbound.variables_2x import MOST_IN_A_CALL
from tests.support.contract_values import JSON, LEAVES, TEXTS, values_of
from tests.support.payloads import document, valid
from tests.translation.outbound import golden

STATIONS_OWN = {"2.0.1": v201.TABLE, "2.1": v21.TABLE}
VERSIONS = list(STATIONS_OWN)
ROWS = [(version, kind) for version in VERSIONS for kind in golden.OUTBOUND[version]]
IDS = [f"{version}-{kind.NAME}" for version, kind in ROWS]
BOUNDED = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))

LONG = st.sampled_from([37, 256, 600, 1500]).map("x".__mul__)
TRANSACTIONS = st.sampled_from(
    ["RDAM-0042/17", "RDAM-0043/17", "17", "3f0c8e1a-8f43-4a9e-9a51-64f1a0f5d0a7", ""]
)


def actions_to_stations(version: str) -> set[str]:
    return (SCHEMAS[version].requests.keys() - STATIONS_OWN[version].keys()) | {"DataTransfer"}


@pytest.mark.parametrize(("version", "actions"), [("2.0.1", 40), ("2.1", 55)])
def test_every_action_that_a_station_takes_is_one_command(version: str, actions: int) -> None:
    said = {
        kind.NAME: {
            call.action for case in golden.read(version, kind.NAME) for call in case.calls if call.action
        }
        for kind in golden.OUTBOUND[version]
    }
    assert all(len(names) == 1 for names in said.values()), "each is said in one way"
    reached = [name for names in said.values() for name in names]
    assert len(reached) == len(set(reached)) == actions
    assert set(reached) == actions_to_stations(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_plans_are_of_the_commands_that_the_version_knows(version: str) -> None:
    known = {kind for kind in COMMANDS.values() if version in kind.VERSIONS}
    assert set(golden.OUTBOUND[version]) == known


def test_what_is_passed_down_is_known_since_the_version_that_has_its_action() -> None:
    for action, kind in PASSED_DOWN.items():
        having = [version for version in VERSIONS if action in SCHEMAS[version].requests]
        assert list(kind.VERSIONS) == having
        assert ("requestId" in document("2.1", action).get("required", [])) is (action in WITH_REQUEST_ID)
    assert len(PASSED_DOWN) == 28


@pytest.mark.parametrize("version", VERSIONS)
def test_every_status_of_every_answer_is_known(version: str) -> None:
    words = {
        word
        for action in actions_to_stations(version)
        for word in statuses(document(version, action, "Response"))
    }
    assert len(words) > 30
    for word in words:
        assert status_of({"status": word.upper()}) == word
        assert by_status()({"status": word}) is not None
    assert status_of({"status": "Perhaps"}) is None


def statuses(schema: dict[str, Any]) -> Iterator[str]:
    for kind in (schema, *schema.get("definitions", {}).values()):
        named = kind.get("properties", {}).get("status", {}).get("$ref", "")
        if named:
            yield from schema["definitions"][named.rsplit("/", 1)[-1]]["enum"]


def commands(kind: type[Command]) -> st.SearchStrategy[Any]:
    """Any command of a kind: mostly lawful ones, with texts that are too long for 2.0.1 among them."""
    if issubclass(kind, PassedDown):
        return st.builds(kind, payload=st.dictionaries(TEXTS, JSON, max_size=3) | official(kind.ACTION))
    leaves = {**LEAVES, str: TEXTS.filter(bool) | LONG, dict[str, Any]: profiles()}
    made = values_of(kind, leaves)
    if "transaction_id" in kind.__struct_fields__:
        return st.builds(msgspec.structs.replace, made, transaction_id=TRANSACTIONS)
    return made


def official(action: str) -> st.SearchStrategy[Any]:
    """Payloads that the official schema of 2.1 allows."""
    return st.builds(
        lambda seed, optional: valid(document("2.1", action), Random(seed), optional),
        st.integers(0, 10**6),
        st.floats(0, 1),
    )


def profiles() -> st.SearchStrategy[Any]:
    """Charging profiles of 2.1."""
    return official("SetChargingProfile").map(lambda payload: payload["chargingProfile"])


def first_step(version: str, command: Command) -> Ask | None:
    """The first CALL; None where the command ends without one, for a reason that is told."""
    plan = golden.OUTBOUND[version][type(command)](command, golden.target(version))
    why: str | None
    try:
        return next(plan)
    except (Unsupported, Invalid) as refusal:
        why = str(refusal)
    except StopIteration as stop:
        why = stop.value.why or str(stop.value.answer.variables)
    assert why
    return None


@pytest.mark.parametrize(("version", "kind"), ROWS, ids=IDS)
def test_whatever_is_asked_becomes_a_call_or_is_refused_with_a_reason(
    version: str, kind: type[Command]
) -> None:
    @BOUNDED
    @given(commands(kind))
    def holds(command: Command) -> None:
        ask = first_step(version, command)
        if ask is not None:
            msgspec.json.encode(ask.payload)
            assert ask.action in actions_to_stations(version)
            assert first_step(version, command) == ask, "the same command is the same CALL"

    holds()


NORMALISED = [kind for kind in golden.OUTBOUND["2.0.1"] if not issubclass(kind, PassedDown)]


@pytest.mark.parametrize("kind", NORMALISED, ids=[kind.NAME for kind in NORMALISED])
def test_what_is_lawful_in_21_is_lawful_or_refused_in_201(kind: type[Command]) -> None:
    """Nothing of 2.1 gets through that 2.0.1 does not know (reference §2.11)."""

    @settings(BOUNDED, max_examples=60)
    @given(commands(kind))
    def holds(command: Command) -> None:
        newer, older = first_step("2.1", command), first_step("2.0.1", command)
        assume(newer is not None and golden.fault("2.1", newer) is None)
        assert older is None or golden.fault("2.0.1", older) is None

    holds()


@pytest.mark.parametrize(("version", "kind"), ROWS, ids=IDS)
def test_whatever_a_station_answers_is_an_outcome(version: str, kind: type[Command]) -> None:
    (case, *_) = golden.read(version, kind.NAME)
    command = golden.command(kind.NAME, case.arguments)
    action = case.calls[0].action
    lawful = st.builds(
        lambda seed, optional: valid(document(version, action, "Response"), Random(seed), optional),
        st.integers(0, 10**6),
        st.floats(0, 1),
    )

    @BOUNDED
    @given(JSON | lawful)
    def answered(said: Any) -> None:
        outcome = carried_out(version, command, Said(said))
        lawful = SCHEMAS[version].responses[action].is_valid(said)
        assert outcome.status in (("accepted", "rejected") if lawful else ("accepted", "rejected", "failed"))
        check(outcome)

    @BOUNDED
    @given(TEXTS | st.sampled_from(["NotImplemented", "FormatViolation", "InternalError"]), TEXTS)
    def declined(code: str, description: str) -> None:
        outcome = carried_out(version, command, Declined(code, description))
        able = code not in ("NotImplemented", "NotSupported")
        assert outcome.status == ("failed" if able else "unsupported")
        assert (outcome.why or "").startswith(code)
        check(outcome)

    answered()
    declined()


def carried_out(version: str, command: Command, reply: Said | Declined) -> Outcome:
    plan = golden.OUTBOUND[version][type(command)](command, golden.target(version))
    next(plan)
    with pytest.raises(StopIteration) as stop:
        plan.send(reply)
    outcome: Outcome = stop.value.value
    return outcome


def check(outcome: Outcome) -> None:
    read = msgspec.json.decode(msgspec.json.encode(outcome))
    assert golden.has_shape(read)


class Limited:
    """A station that takes so many variables in a CALL, and refuses more."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken: list[int] = []
        self.refusals = 0

    def __call__(self, ask: Ask) -> Said | Declined:
        asked = ask.payload["setVariableData" if ask.action == "SetVariables" else "getVariableData"]
        if len(asked) > self.most:
            self.refusals += 1
            return Declined("OccurrenceConstraintViolation", f"at most {self.most}")
        self.taken.append(len(asked))
        results = [{"attributeStatus": "Accepted", "attributeValue": "v", **item} for item in reversed(asked)]
        return Said({"setVariableResult": results, "getVariableResult": results})


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("kind", [VariablesGet, VariablesSet])
def test_each_variable_has_its_result_in_as_many_calls_as_the_station_needs(
    version: str, kind: type[VariablesGet | VariablesSet]
) -> None:
    @BOUNDED
    @given(st.lists(TEXTS.filter(bool), min_size=1, max_size=130), st.integers(1, 60))
    def holds(names: list[str], most: int) -> None:
        variables = tuple(VariableValue(component="C", variable=name, value="v") for name in names)
        station = Limited(most)
        plan = golden.OUTBOUND[version][kind](kind(variables=variables), golden.target(version))
        outcome = talk(version, plan, station)
        assert outcome.status == "accepted"
        assert outcome.answer
        assert outcome.answer.variables == tuple(
            VariableResult(component="C", variable=name, status="Accepted", value="v") for name in names
        )
        assert sum(station.taken) == len(names)
        assert max(station.taken) <= min(most, MOST_IN_A_CALL)
        assert station.refusals < len(station.taken)

    holds()


def talk(version: str, plan: Plan, station: Limited) -> Outcome:
    ask = next(plan)
    while True:
        assert golden.fault(version, ask) is None
        try:
            ask = plan.send(station(ask))
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome
