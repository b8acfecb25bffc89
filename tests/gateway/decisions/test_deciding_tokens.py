"""Who may charge: by the table, by a backend, by both; the same to a repeated start, and to one start only."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.decisions import TOKEN_ACTIONS
from tests.support.deciding import SILENCE, DecidingPod, deciding
from tests.support.pod import Connection, Pod

TAG = "04E91C5A123480"
_numbers: Iterator[int] = iter(range(1, 10**9))


def moment(seconds_ago: float = 0) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds_ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def start(tag: str = TAG, connector: int = 1, at: str | None = None) -> dict[str, Any]:
    return {"connectorId": connector, "idTag": tag, "meterStart": 0, "timestamp": at or moment()}


def event(kind: str = "Started", transaction: str = "T1", seq_no: int = 0, **more: Any) -> dict[str, Any]:
    return {
        "eventType": kind,
        "timestamp": moment(),
        "triggerReason": "Authorized",
        "seqNo": seq_no,
        "transactionInfo": {"transactionId": transaction},
        "evse": {"id": 1, "connectorId": 1},
        **more,
    }


def token(value: str = TAG, type_: str = "ISO14443") -> dict[str, Any]:
    return {"idToken": {"idToken": value, "type": type_}}


async def say(connection: Connection, action: str, payload: Any) -> Any:
    """The payload of the answer; each message has an id of its own."""
    kind, _, answer = await connection.transport.ask(str(next(_numbers)), action, payload)
    assert kind == 3
    return answer


async def test_the_table_decides_for_all_versions(pod: Pod) -> None:
    async with deciding(pod, decisions={"idToken": "id_tokens"}) as desk:
        await desk.name(TAG.lower(), status="Accepted", groupId="FLEET")
        old, new = pod.connect("A"), pod.connect("B", "2.0.1")
        accepted = {"status": "Accepted", "parentIdTag": "FLEET"}
        assert await say(old, "Authorize", {"idTag": TAG}) == {"idTagInfo": accepted}
        assert (await say(old, "StartTransaction", start()))["idTagInfo"] == accepted
        stop = {"transactionId": 1, "meterStop": 1, "timestamp": moment(), "idTag": TAG}
        assert await say(old, "StopTransaction", stop) == {"idTagInfo": accepted}
        info = {"status": "Accepted", "groupIdToken": {"idToken": "FLEET", "type": "Central"}}
        assert await say(new, "Authorize", token()) == {"idTokenInfo": info}
        assert await say(new, "TransactionEvent", event(**token())) == {"idTokenInfo": info}
        assert desk.outcomes() == {
            (action, "known"): 2 if action == "Authorize" else 1 for action in TOKEN_ACTIONS
        }
        assert {one.decision.group_id for one in desk.events("authorization.requested")} == {"FLEET"}


async def test_what_names_no_token_waits_for_nobody(pod: Pod) -> None:
    async with deciding(pod, decisions={"idToken": "id_tokens"}) as desk:
        old, new = pod.connect("A"), pod.connect("B", "2.0.1")
        assert await say(new, "TransactionEvent", event()) == {}
        assert (
            await say(old, "StopTransaction", {"transactionId": 1, "meterStop": 1, "timestamp": moment()})
            == {}
        )
        with_none = {"transactionId": 1, "meterStop": 1, "timestamp": moment(), "idTag": ""}
        assert await say(old, "StopTransaction", with_none) == {}
        assert desk.outcomes() == {}


@pytest.mark.parametrize(
    ("unknown", "in_16"), [("Unknown", "Invalid"), ("Invalid", "Invalid"), ("Accepted", "Accepted")]
)
async def test_an_unknown_token_is_answered_as_the_setting_says(pod: Pod, unknown: str, in_16: str) -> None:
    async with deciding(pod, decisions={"idToken": "id_tokens"}, unknown_id_token=unknown) as desk:
        old, new = pod.connect("A"), pod.connect("B", "2.1")
        assert (await say(old, "Authorize", {"idTag": "nobody"}))["idTagInfo"]["status"] == in_16
        assert (await say(old, "StartTransaction", start("")))["idTagInfo"]["status"] == in_16
        assert (await say(new, "Authorize", token("nobody")))["idTokenInfo"] == {"status": unknown}
        assert desk.outcomes() == {("Authorize", "unknown"): 2, ("StartTransaction", "unknown"): 1}


async def test_a_start_button_needs_no_token(pod: Pod) -> None:
    """OCPP 2.0.1 Part 2, C02."""
    async with deciding(pod, decisions={"idToken": "id_tokens"}):
        new = pod.connect(version="2.0.1")
        answer = await say(new, "TransactionEvent", event(**token("", "NoAuthorization")))
        assert answer == {"idTokenInfo": {"status": "Accepted"}}


async def test_a_change_of_the_table_counts_at_once(pod: Pod) -> None:
    async with deciding(pod, decisions={"Authorize": "id_tokens"}) as desk:
        old = pod.connect()
        for known, said in (
            ({"status": "Accepted"}, "Accepted"),
            ({"status": "Blocked"}, "Blocked"),
            ({}, "Invalid"),
        ):
            await desk.name(TAG, **known)
            assert (await say(old, "Authorize", {"idTag": TAG}))["idTagInfo"]["status"] == said


async def test_where_a_token_is_not_allowed_it_is_refused_and_not_kept_in_the_cache(pod: Pod) -> None:
    async with deciding(pod, decisions={"idToken": "id_tokens"}) as desk:
        await desk.name(TAG, status="Accepted", stations=["A"])
        here, elsewhere, new = pod.connect("A"), pod.connect("B"), pod.connect("C", "2.0.1")
        assert (await say(here, "Authorize", {"idTag": TAG}))["idTagInfo"] == {"status": "Accepted"}
        refused = (await say(elsewhere, "StartTransaction", start()))["idTagInfo"]
        assert refused["status"] == "Blocked"
        assert abs(datetime.fromisoformat(refused["expiryDate"]) - datetime.now(UTC)) < timedelta(seconds=5)
        assert (await say(new, "Authorize", token()))["idTokenInfo"] == {"status": "NotAtThisLocation"}


async def test_a_backend_decides(pod: Pod) -> None:
    said = {
        "status": "NoCredit",
        "personalMessage": {"content": "Top up, please"},
        "cacheExpiry": "2030-01-01T02:00:00+02:00",
    }
    async with deciding(pod, lambda _request: said, decisions={"idToken": "ask"}) as desk:
        old, new = pod.connect("A"), pod.connect("B", "2.1")
        assert (await say(old, "Authorize", {"idTag": TAG}))["idTagInfo"] == {
            "status": "Blocked",
            "expiryDate": "2030-01-01T00:00:00.000Z",
        }
        assert (await say(new, "TransactionEvent", event(**token())))["idTokenInfo"] == {
            "status": "NoCredit",
            "cacheExpiryDateTime": "2030-01-01T00:00:00.000Z",
            "personalMessage": {"format": "UTF8", "content": "Top up, please"},
        }
        asked, started = sorted(desk.requests(), key=lambda request: str(request["action"]))
        assert (asked["action"], asked["event"], asked["version"]) == (
            "Authorize",
            "authorization.requested",
            "1.6",
        )
        assert asked["data"]["idToken"] == {"value": TAG, "type": "ISO14443"}
        assert asked["data"]["raw"] == {"idTag": TAG}
        assert "decision" not in asked["data"], "that is what is asked for"
        assert started["data"]["transaction"]["native"] == "T1"
        (published,) = desk.events("transaction.started")
        assert published.decision.status == "NoCredit"
        assert published.decision.cache_expiry.utcoffset() == timedelta(0)
        assert desk.outcomes() == {("Authorize", "answered"): 1, ("TransactionEvent", "answered"): 1}


NONSENSE: list[Any] = [
    None,
    b"",
    b"no json",
    [],
    "Accepted",
    {},
    {"status": "accepted"},
    {"status": 7},
    {"status": "Accepted", "evseIds": [-1]},
]


@pytest.mark.parametrize("said", NONSENSE, ids=map(str, NONSENSE))
async def test_a_nonsensical_reply_leaves_the_default(pod: Pod, said: Any) -> None:
    async with deciding(pod, lambda _request: said, decisions={"idToken": "ask"}) as desk:
        old = pod.connect()
        assert await say(old, "Authorize", {"idTag": TAG}) == {"idTagInfo": {"status": "Accepted"}}
        assert desk.outcomes() == {("Authorize", "invalid"): 1}


async def test_a_silent_backend_leaves_the_default_at_its_deadline(pod: Pod) -> None:
    silent = lambda _request: SILENCE  # noqa: E731 - shorter than its name
    async with deciding(pod, silent, decisions={"idToken": "ask"}, decision_timeout_seconds=0.1) as desk:
        old = pod.connect()
        assert await say(old, "Authorize", {"idTag": TAG}) == {"idTagInfo": {"status": "Accepted"}}
        assert desk.outcomes() == {("Authorize", "silent"): 1}
        (event_,) = desk.events("authorization.requested")
        assert event_.decision.status == "Accepted"


async def test_the_table_first_and_a_backend_for_what_it_does_not_have(pod: Pod) -> None:
    said = {"roaming": {"status": "Accepted", "groupId": "PARTNER"}, "silent": SILENCE}
    ask = lambda request: said[request["data"]["idToken"]["value"]]  # noqa: E731 - shorter than its name
    settings = {"decisions": {"idToken": "id_tokens_or_ask"}, "decision_timeout_seconds": 0.1}
    async with deciding(pod, ask, **settings) as desk:
        await desk.name("local", status="Blocked")
        old = pod.connect()
        answers = [await say(old, "Authorize", {"idTag": tag}) for tag in ("local", "roaming", "silent")]
        assert [answer["idTagInfo"] for answer in answers] == [
            {"status": "Blocked"},
            {"status": "Accepted", "parentIdTag": "PARTNER"},
            {"status": "Invalid"},
        ]
        assert [request["data"]["idToken"]["value"] for request in desk.requests()] == ["roaming", "silent"]


# The same verdict (promise 2)


async def test_a_repeated_start_has_the_same_id_and_verdict_also_when_its_token_was_blocked_since(
    pod: Pod,
) -> None:
    async with deciding(pod, decisions={"idToken": "id_tokens"}) as desk:
        await desk.name(TAG, status="Accepted", groupId="FLEET")
        begun = start()
        first = await say(pod.connect(), "StartTransaction", begun)
        await desk.name(TAG, status="Blocked")
        again = pod.connect()
        assert await say(again, "StartTransaction", begun) == first
        assert (await say(again, "Authorize", {"idTag": TAG}))["idTagInfo"]["status"] == "Blocked"
        assert (await say(again, "StartTransaction", start(at=moment(60))))["idTagInfo"][
            "status"
        ] == "Blocked"
        assert desk.outcomes()["StartTransaction", "remembered"] == 1
        same = [one.decision.status for one in desk.events("transaction.started")]
        assert same == ["Accepted", "Accepted", "Blocked"]


async def test_a_repeated_transaction_event_has_the_same_verdict(pod: Pod) -> None:
    async with deciding(pod, decisions={"idToken": "id_tokens"}) as desk:
        await desk.name(TAG, status="Blocked")
        new = pod.connect(version="2.0.1")
        begun = event(**token())
        first = await say(new, "TransactionEvent", begun)
        assert first == {"idTokenInfo": {"status": "Blocked"}}
        await desk.name(TAG, status="Accepted")
        assert await say(new, "TransactionEvent", begun | {"offline": True}) == first
        later = await say(new, "TransactionEvent", event("Updated", seq_no=1, **token()))
        assert later == {"idTokenInfo": {"status": "Accepted"}}


async def test_a_backend_is_not_asked_twice_about_one_start_and_its_question_has_the_facts_id(
    pod: Pod,
) -> None:
    async with deciding(pod, lambda _request: {"status": "Expired"}, decisions={"idToken": "ask"}) as desk:
        begun = start()
        first = await say(pod.connect(), "StartTransaction", begun)
        assert await say(pod.connect(), "StartTransaction", begun) == first
        (request,) = desk.requests()
        ids = {
            dict(stored.record.headers)["ce_id"].decode()
            for stored in pod.stored()
            if dict(stored.record.headers).get("ce_type") == b"ocpp.transaction.started"
        }
        assert ids == {request["id"]}


async def test_another_gateway_judges_a_late_repetition_by_the_starts_own_time(pod: Pod) -> None:
    """It remembers nothing; what the table says of that moment has not changed."""
    expiry = datetime.now(UTC) - timedelta(minutes=1)
    begun = start(at=moment(120))
    for _ in range(2):
        async with deciding(pod, decisions={"idToken": "id_tokens"}) as desk:
            await desk.name(TAG, status="Accepted", expiresAt=expiry.isoformat())
            station = pod.connect()
            assert (await say(station, "StartTransaction", begun))["idTagInfo"]["status"] == "Accepted"
            assert (await say(station, "StartTransaction", start()))["idTagInfo"]["status"] == "Expired"


async def test_a_verdict_that_the_station_never_heard_is_not_remembered(hasty_pod: Pod) -> None:
    """The log was down: the backend could not be asked, and the start was refused and comes again."""
    pod = hasty_pod
    settings = {"decisions": {"idToken": "ask"}, "decision_timeout_seconds": 2}
    async with deciding(pod, lambda _request: {"status": "Blocked"}, **settings) as desk:
        await desk.deciding._backend.hears.wait()  # type: ignore[union-attr]
        begun, station = start(), pod.connect()
        pod.down()
        refused = await station.transport.ask("1", "StartTransaction", begun)
        assert refused[:3] == [4, "1", "InternalError"]
        pod.down(None)
        await desk.deciding._backend.hears.wait()  # type: ignore[union-attr]
        assert (await say(station, "StartTransaction", begun))["idTagInfo"]["status"] == "Blocked"
        assert desk.outcomes() == {
            ("StartTransaction", "unavailable"): 1,
            ("StartTransaction", "answered"): 1,
        }


# One transaction at a time


async def test_a_second_transaction_of_a_token_is_refused_and_its_own_retry_never(pod: Pod) -> None:
    async with deciding(pod, concurrent_transactions="refuse") as desk:
        one, other = pod.connect("A"), pod.connect("B")
        begun = start()
        first = await say(one, "StartTransaction", begun)
        await runs(desk, 1)
        assert first["idTagInfo"] == {"status": "Accepted"}
        assert await say(one, "StartTransaction", begun) == first
        assert (await say(other, "StartTransaction", start()))["idTagInfo"]["status"] == "ConcurrentTx"
        assert (await say(other, "StartTransaction", start("another")))["idTagInfo"]["status"] == "Accepted"
        assert (await say(other, "Authorize", {"idTag": TAG}))["idTagInfo"]["status"] == "Accepted"
        stop = {"transactionId": first["transactionId"], "meterStop": 1, "timestamp": moment(), "idTag": TAG}
        await say(one, "StopTransaction", stop)
        await runs(desk, 1)
        again = await say(other, "StartTransaction", start(at=moment(5)))
        assert again["idTagInfo"]["status"] == "Accepted"


async def test_another_gateway_refuses_too_and_knows_the_verdict_of_a_start_it_did_not_hear(pod: Pod) -> None:
    settings: dict[str, Any] = {"decisions": {"idToken": "id_tokens"}, "concurrent_transactions": "refuse"}
    begun = event(**token())
    async with deciding(pod, **settings) as desk:
        await desk.name(TAG, status="Accepted")
        first = await say(pod.connect("A", "2.0.1"), "TransactionEvent", begun)
    async with deciding(pod, **settings) as desk:
        await runs(desk, 1)
        await desk.name(TAG, status="Blocked")
        assert await say(pod.connect("A", "2.0.1"), "TransactionEvent", begun) == first
        await desk.name(TAG, status="Accepted")
        elsewhere = event(transaction="T2", **token())
        refused = await say(pod.connect("B", "2.0.1"), "TransactionEvent", elsewhere)
        assert refused == {"idTokenInfo": {"status": "ConcurrentTx"}}


async def runs(desk: DecidingPod, count: int) -> None:
    running = desk.deciding.decisions._running
    assert running is not None
    await desk.pod.until(lambda: len(running) == count)
