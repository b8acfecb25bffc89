"""Secrets that stations and backends send stand in no event, result, frame or log line of a gateway."""

import json
from typing import Any

import pytest
from structlog.testing import LogCapture

from contract.envelope import Envelope
from contract.topics import EVERY_TOPIC, FRAMES
from gateway.app import TABLES
from gateway.orders import Orders
from gateway.recorder import record
from gateway.translation.outbound.requests import plan_of
from tests.gateway.test_orders import Hands
from tests.support.payloads import document
from tests.support.pod import Pod
from tests.support.secret_places import CANARY, CANARY_PIN, filled, shows

TOO_LONG = {"apn": "a", "apnPassword": CANARY * 100, "apnAuthentication": "CHAP"}
PROFILE: dict[str, Any] = {
    "configurationSlot": 1,
    "connectionData": {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": f"wss://user:{CANARY}@csms.example",
        "messageTimeout": 30,
        "securityProfile": 1,
        "ocppInterface": "Wired0",
        "apn": {
            "apn": "a",
            "apnUserName": "u",
            "apnPassword": CANARY,
            "simPin": CANARY_PIN,
            "apnAuthentication": "CHAP",
        },
        "vpn": {"server": "s", "user": "u", "password": CANARY, "key": CANARY, "type": "IKEv2"},
    },
}


@pytest.mark.parametrize("version", TABLES)
@pytest.mark.parametrize("mode", ["observe", "off"])
async def test_no_message_of_a_station_leaves_its_secrets_in_an_event(
    pod: Pod, said_in_log: LogCapture, version: str, mode: Any
) -> None:
    transport = pod.connect(version=version, mode=mode).transport
    for number, action in enumerate(TABLES[version]):
        root = document(version, action, "Request")
        said = {**filled(root, root), "vendorPassword": CANARY}  # and one that no schema knows
        if action == "NotifyPeriodicEventStream":
            transport.say([6, str(number), action, said])
        else:
            await transport.ask(str(number), action, said)
    await transport.ask("unknown", "VendorAction", {"password": CANARY})
    await transport.ask("list", "MeterValues", [{"password": CANARY}])
    transport.say(f'[2,"broken","DataTransfer",{{"password":"{CANARY}"'.encode())
    transport.say([9, "type", {"password": CANARY}])
    await transport.ask("last", "Heartbeat")
    stored = pod.stored()
    assert len(stored) > len(TABLES[version])
    for one in stored:
        assert not shows(one.record.value or b""), dict(one.record.headers)["ce_type"]
    assert not shows(str(said_in_log.entries))
    assert pod.metrics.faults.n == 0


@pytest.mark.parametrize(
    ("payload", "answer"),
    [
        (PROFILE, {"status": "Accepted"}),
        (
            PROFILE,
            {"status": "Rejected", "statusInfo": {"reasonCode": "X", "additionalInfo": f"no {CANARY}"}},
        ),
        (PROFILE, None),
        ({**PROFILE, "connectionData": {**PROFILE["connectionData"], "apn": TOO_LONG}}, ...),
        ({"password": CANARY, "configurationSlot": f"password={CANARY}"}, ...),
    ],
)
async def test_a_result_shows_no_secret_of_its_command(
    pod: Pod, said_in_log: LogCapture, payload: dict[str, Any], answer: Any
) -> None:
    """The station gets it (None: it answers with an error that repeats it; ...: the command is invalid)."""
    await pod.log.apply_topics(EVERY_TOPIC.values())
    hands = Hands(pod)
    hands.orders = Orders(pod.log, plan_of, pod.metrics, answer_seconds=30)
    connection = pod.connect(version="2.0.1", late=hands.orders.late)
    await connection.transport.ask("0", "Heartbeat")
    hands.take(connection, command=None, action="SetNetworkProfile", version="2.0.1", payload=payload)
    if answer is not ...:
        frame = await connection.transport.hear()
        assert frame[3] == payload, "the station needs the secret"
        if answer is None:
            connection.transport.say([4, frame[1], "GenericError", f"bad password {CANARY}", {}])
        else:
            connection.transport.say([3, frame[1], answer])
    [result] = await hands.results(1)
    assert not shows(repr(result))
    assert not any(shows(one.record.value or b"") for one in pod.stored())
    assert not shows(str(said_in_log.entries))


@pytest.mark.parametrize("direction", ["received", "sent"])
async def test_a_recorded_frame_shows_no_secret(pod: Pod, direction: str) -> None:
    await pod.log.apply_topics(EVERY_TOPIC.values())
    made = Envelope("g", "CS-1", "2.0.1", "c")
    frame = json.dumps([2, "1", "SetNetworkProfile", PROFILE]).encode()
    record(pod.log, made, "CS-1", frame, direction)
    record(pod.log, made, "CS-1", frame[:-4], direction)
    plain = b'[2, "1", "Heartbeat", {}]'
    record(pod.log, made, "CS-1", plain, direction)
    await pod.until(lambda: len(frames(pod)) == 3)
    assert not any(shows(one) for one in frames(pod))
    assert frames(pod)[-1] == plain, "and one without a secret is byte for byte what it was"


def frames(pod: Pod) -> list[bytes]:
    return [one.record.value or b"" for one in pod.stored() if one.place.topic == FRAMES.name]
