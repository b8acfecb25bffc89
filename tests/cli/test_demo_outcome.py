"""What a demo's consumers have made of it is told from what they publish."""

from decimal import Decimal

from cli.demo.outcome import Outcome

Json = dict[str, object]


def record(kind: str, transaction: str, cost: str, *flags: str) -> Json:
    cdr = {"currency": "EUR", "total_cost": {"excl_vat": 0.0, "incl_vat": float(cost)}}
    data = {"station": "CP-1", "transaction_id": transaction, "energy_wh": 1500, "flags": flags, "cdr": cdr}
    return {"type": f"billing.cdr.{kind}", "data": data}


def alert(fact: str, name: str) -> Json:
    return {"type": f"ocpp.alert.{fact}", "data": {"alert": name, "rule": "StationOffline"}}


def test_a_session_that_was_corrected_counts_once_at_its_last_price() -> None:
    outcome = Outcome()
    assert outcome.in_a_line() == "0 priced records, no cost yet; 0 alerts raised, 0 standing"
    for event in (
        record("issued", "t1", "2.50", "end_by_status"),
        record("credited", "t1", "-2.50"),
        record("issued", "t1", "3.10"),
        record("issued", "t2", "1.00"),
    ):
        outcome.see(event)
    assert outcome.sessions == {("CP-1", "t1"): Decimal(1500), ("CP-1", "t2"): Decimal(1500)}
    assert outcome.cost == "4.10 EUR"
    assert outcome.credits == 1
    assert outcome.flags == {"end_by_status": 1}


def test_an_alert_stands_until_it_is_resolved() -> None:
    outcome = Outcome()
    for event in (alert("raised", "a"), alert("raised", "b"), alert("updated", "a"), alert("resolved", "a")):
        outcome.see(event)
    assert outcome.in_a_line().endswith("2 alerts raised, 1 standing")
    outcome.see(alert("raised", "a"))
    assert outcome.raised == {"StationOffline": 3}
    assert outcome.standing == {"a", "b"}
