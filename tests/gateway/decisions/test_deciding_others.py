"""What else stations ask that is not the gateway's to decide: each action, by a backend, and by default."""

from random import Random
from typing import Any

import pytest

from contract.decisions import DECIDED, PASSED_ON
from gateway.app import TABLES
from gateway.ocpp.versions import VERSIONS
from tests.support.deciding import SILENCE, deciding
from tests.support.payloads import document, valid
from tests.support.pod import Pod

BOOT_16 = {"chargePointVendor": "V", "chargePointModel": "M"}
BOOT_2X = {"reason": "PowerUp", "chargingStation": {"model": "M", "vendorName": "V"}}
CSR = {"csr": "-----BEGIN CERTIFICATE REQUEST-----"}
DATA = {"vendorId": "com.example", "data": "{}"}
INFO = {"reasonCode": "Because", "additionalInfo": "of that"}

Case = tuple[str, str, Any, Any]
CASES: list[Case] = [
    *(
        (
            "BootNotification",
            version,
            {"status": "Pending", "intervalSeconds": 7},
            {"status": "Pending", "interval": 7},
        )
        for version in VERSIONS
    ),
    (
        "BootNotification",
        "1.6",
        {"status": "Rejected", "statusInfo": {"reasonCode": "No"}},
        {"status": "Rejected", "interval": 300},
    ),
    (
        "BootNotification",
        "2.1",
        {"status": "Accepted", "statusInfo": INFO},
        {"status": "Accepted", "interval": 300, "statusInfo": INFO},
    ),
    (
        "DataTransfer",
        "1.6",
        {"status": "Accepted", "data": {"a": 1}},
        {"status": "Accepted", "data": '{"a":1}'},
    ),
    (
        "DataTransfer",
        "1.6",
        {"status": "UnknownMessageId", "statusInfo": INFO},
        {"status": "UnknownMessageId"},
    ),
    (
        "DataTransfer",
        "1.6",
        {"status": "Accepted", "data": "as it is"},
        {"status": "Accepted", "data": "as it is"},
    ),
    (
        "DataTransfer",
        "2.0.1",
        {"status": "Accepted", "data": {"a": 1}},
        {"status": "Accepted", "data": {"a": 1}},
    ),
    *(("SignCertificate", version, {"status": "Accepted"}, {"status": "Accepted"}) for version in VERSIONS),
]


def question(action: str, version: str) -> Any:
    if action == "BootNotification":
        return BOOT_16 if version == "1.6" else BOOT_2X
    if action == "DataTransfer":
        return DATA
    if action == "SignCertificate":
        return CSR
    return valid(document(version, action), Random(f"{version} {action}"), 0.5)


@pytest.mark.parametrize(("action", "version", "said", "answered"), CASES)
async def test_a_backend_decides(pod: Pod, action: str, version: str, said: Any, answered: Any) -> None:
    async with deciding(pod, lambda _request: said, decisions={action: "ask"}) as desk:
        station = pod.connect(version=version)
        answer = (await station.transport.ask("1", action, question(action, version)))[2]
        answer.pop("currentTime", None)
        assert answer == answered
        assert desk.outcomes() == {(action, "answered"): 1}
        (request,) = desk.requests()
        (event,) = desk.events(request["event"])
        event.answered.pop("currentTime", None)
        assert event.answered == answered


PASSED = [(action, version) for version in VERSIONS for action in PASSED_ON if action in TABLES[version]]


@pytest.mark.parametrize(("action", "version"), PASSED)
async def test_what_is_passed_through_is_answered_with_the_backends_payload(
    pod: Pod, action: str, version: str
) -> None:
    said = valid(document(version, action, "Response"), Random(f"{version} {action}"), 0.7)
    async with deciding(pod, lambda _request: said, decisions={action: "ask"}) as desk:
        station = pod.connect(version=version)
        asked = question(action, version)
        assert (await station.transport.ask("1", action, asked))[2] == said
        (request,) = desk.requests()
        assert request["data"]["payload"] == asked
        assert desk.outcomes() == {(action, "answered"): 1}


EVERY = [(action, version) for version in VERSIONS for action in DECIDED if action in TABLES[version]]


@pytest.mark.parametrize(("action", "version"), EVERY)
async def test_nonsense_and_silence_leave_the_named_default(pod: Pod, action: str, version: str) -> None:
    """What a backend says is judged before a station hears it; the default is what it would have been told anyway."""
    asked = valid(document(version, action), Random(f"{version} {action}"), 1.0)
    (default,) = [await answers(pod, "default", version, action, asked)]
    replies: list[Any] = [
        SILENCE,
        b"",
        b"[",
        [],
        {"status": "Nonsense"},
        {"unheardOf": 1},
        {"status": "Accepted", "statusInfo": {}},
    ]
    replies.append({"status": "Accepted", "statusInfo": {"reasonCode": "longer than twenty characters"}})
    for number, said in enumerate(replies):
        heard: list[Any] = []

        def decide(request: Any, said: Any = said, heard: list[Any] = heard) -> Any:
            heard.append(request)
            return said

        async with deciding(pod, decide, decisions={action: "ask"}, decision_timeout_seconds=0.05) as desk:
            answer = await answers(pod, f"CS-{number}", version, action, asked)
            assert sum(desk.outcomes().values()) == 1, "each decision is counted once"
        is_lenient = isinstance(said, dict) and said.get("status") == "Accepted" and answer != default
        if is_lenient:  # a token's verdict has no statusInfo, and 1.6 no room for it
            assert (
                action in ("Authorize", "StartTransaction", "StopTransaction", "TransactionEvent")
                or version == "1.6"
            )
        else:
            assert answer == default, said
    assert pod.metrics.faults.n == 0


async def answers(pod: Pod, station: str, version: str, action: str, asked: Any) -> Any:
    frame = await pod.connect(station, version).transport.ask("1", action, asked)
    assert frame[0] == 3
    for changing in ("currentTime", "transactionId"):
        frame[2].pop(changing, None)
    for status in frame[2].get("certificateStatus", ()):
        if isinstance(status, dict):
            status.pop("nextUpdate")
    return frame[2]


async def test_a_boot_is_asked_anew_each_time(pod: Pod) -> None:
    said = iter([{"status": "Pending"}, {"status": "Accepted"}])
    async with deciding(pod, lambda _request: next(said), decisions={"BootNotification": "ask"}):
        station = pod.connect()
        answered = [(await station.transport.ask("1", "BootNotification", BOOT_16))[2] for _ in range(2)]
        assert [answer["status"] for answer in answered] == ["Pending", "Accepted"]
