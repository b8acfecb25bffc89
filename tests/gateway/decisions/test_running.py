"""Which token charges where, as the transactions' events tell it; every order of them, and what is never told."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from contract import envelope
from contract.envelope import Envelope
from contract.events import TransactionEnded, TransactionFact, TransactionStarted, TransactionUpdated
from contract.model import AuthorizationStatus, Decision, Evse, IdToken, Station, Transaction
from eventlog.port import Place, Record, Stored
from gateway.running import LONGEST_SECONDS, Running
from gateway.verdicts import REMEMBERED, Verdicts

NOW = datetime(2026, 8, 4, 13, 40, tzinfo=UTC)
TAG = "04E91C5A"


class World:
    """A view, and transactions that tell it of themselves."""

    def __init__(self) -> None:
        self.verdicts = Verdicts()
        self.running = Running(self.verdicts)
        self.running.begin()

    def tell(
        self,
        kind: type[TransactionFact],
        transaction: str | None,
        token: str | None = None,
        *,
        station: str = "A",
        evse: int | None = 1,
        status: AuthorizationStatus | None = None,
        age_seconds: float = 0,
    ) -> None:
        event = kind(
            station=Station(id=station),
            received_at=NOW,
            transaction=Transaction(id=transaction),
            evse=None if evse is None else Evse(id=evse),
            id_token=None if token is None else IdToken(value=token),
            decision=None if status is None else Decision(status=status),
        )
        headers = Envelope("g", station, "2.0.1", "c").headers(event, f"id of {transaction}", 1)
        record = Record(event.TOPIC.name, station, envelope.encode(event), headers)
        at = int((time.time() - age_seconds) * 1000)
        self.running.take(Stored(record, Place(event.TOPIC.name, 0, 0), at))

    def is_refused(
        self, token: str = TAG, transaction: str | None = "new", station: str = "B", evse: int | None = 1
    ) -> bool:
        return self.running.is_elsewhere(token, transaction, (station, evse))


@pytest.fixture
def world() -> World:
    return World()


def test_a_token_that_charges_is_elsewhere_until_its_transaction_ends(world: World) -> None:
    assert not world.is_refused()
    world.tell(TransactionStarted, "T1", TAG, status="Accepted")
    assert world.is_refused()
    assert world.is_refused(TAG.lower()), "in whatever case"
    assert world.is_refused(station="A", evse=2), "at the same station too"
    assert not world.is_refused("another")
    world.tell(TransactionEnded, "T1", TAG)
    assert not world.is_refused()
    assert len(world.running) == 0


def test_a_start_is_never_refused_for_itself(world: World) -> None:
    world.tell(TransactionStarted, "T1", TAG, status="Accepted")
    assert not world.is_refused(transaction="T1", station="A")
    assert not world.is_refused(transaction="T1", station="A", evse=None), "an event that leaves the EVSE out"
    assert not world.is_refused(transaction="T2", station="A"), "a retry with a new time is at the same EVSE"


def test_a_token_that_is_named_later_charges_from_then_on(world: World) -> None:
    world.tell(TransactionStarted, "T1")
    assert not world.is_refused()
    world.tell(TransactionUpdated, "T1", TAG, evse=None, status="Accepted")
    assert world.is_refused()
    assert not world.is_refused(transaction="T2", station="A"), "its start had said where"
    world.tell(TransactionEnded, "T1", evse=None)
    assert not world.is_refused()


def test_one_who_was_refused_does_not_charge(world: World) -> None:
    world.tell(TransactionStarted, "T1", TAG, status="Blocked")
    assert not world.is_refused()
    world.tell(TransactionStarted, "T2", TAG, status="Accepted")
    world.tell(TransactionUpdated, "T2", TAG, status="Expired")
    assert not world.is_refused()


def test_a_card_that_is_held_up_to_stop_it_changes_nothing(world: World) -> None:
    world.tell(TransactionStarted, "T1", TAG, status="Accepted")
    world.tell(TransactionUpdated, "T1", "another", status="Invalid")
    assert world.is_refused()
    world.tell(TransactionUpdated, "T1", "a friend", status="Accepted")
    assert world.is_refused()
    assert not world.is_refused("a friend")


def test_the_next_start_at_an_evse_ends_what_nobody_ended(world: World) -> None:
    """Reference §4, quirk 10: some stations never say that a transaction stopped."""
    world.tell(TransactionStarted, "T1", TAG, status="Accepted")
    world.tell(TransactionStarted, "T2", "another", status="Accepted")
    assert not world.is_refused()
    world.tell(TransactionStarted, "T3", TAG, status="Accepted", evse=2)
    assert world.is_refused("another")


def test_what_is_too_old_is_believed_no_more(world: World) -> None:
    world.tell(TransactionStarted, "T1", TAG, status="Accepted", age_seconds=LONGEST_SECONDS + 60)
    assert not world.is_refused()
    world.tell(TransactionStarted, "T2", "another", status="Accepted", station="C")
    assert len(world.running) == 1, "and forgotten"


def test_a_repetition_changes_nothing(world: World) -> None:
    for _ in range(3):
        world.tell(TransactionStarted, "T1", TAG, status="Accepted")
    world.tell(TransactionEnded, "T1")
    world.tell(TransactionEnded, "T1")
    assert (len(world.running), world.is_refused()) == (0, False)
    assert not world.running._of_token
    assert not world.running._at


def test_a_start_without_a_usable_number_is_nobodys(world: World) -> None:
    world.tell(TransactionStarted, None, TAG, status="Accepted")
    assert not world.is_refused()


@pytest.mark.parametrize("value", [None, b"", b"no json", b"{}", b"[]", b'{"station":{"id":7}}'])
def test_what_cannot_be_read_is_passed_over(world: World, value: Any) -> None:
    record = Record("ocpp.transactions.v1", "A", value)
    world.running.take(Stored(record, Place("ocpp.transactions.v1", 0, 0), 0))
    assert len(world.running) == 0


def test_the_verdicts_of_others_are_remembered(world: World) -> None:
    world.tell(TransactionStarted, "T1", TAG, status="Blocked")
    assert world.verdicts.get("id of T1", IdToken(value=TAG.lower())) == Decision(status="Blocked")
    assert world.verdicts.get("id of T1", IdToken(value="another")) is None
    assert world.verdicts.get(None, IdToken(value=TAG)) is None


def test_verdicts_are_bounded_and_the_first_one_counts() -> None:
    verdicts = Verdicts()
    for number in range(REMEMBERED + 10):
        verdicts.keep(f"{number}", None, Decision(status="Accepted"))
    verdicts.keep(f"{REMEMBERED}", None, Decision(status="Blocked"))
    assert len(verdicts) == REMEMBERED
    assert verdicts.get("9", None) is None
    assert verdicts.get(f"{REMEMBERED}", None) == Decision(status="Accepted")
