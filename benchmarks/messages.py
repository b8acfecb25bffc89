"""What a station says, as frames that are all but ready: a charging session, again and again. Pure.

A template is a whole masked frame with named places for what changes. Each place has a fixed width, so
that filling them in is one formatting operation and never changes the length that the header states.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson

from benchmarks.frames import header

# The places, and the marks that stand for them in the payloads below. JSON allows blanks around a
# value, so a number is padded to its width; a string keeps its quotes.
ID, TRANSACTION, NUMBER, TIME = b"id", b"transaction", b"number", b"time"
WIDTHS = {ID: 36, TRANSACTION: 38, NUMBER: 10, TIME: 26}
SAMPLES_PER_SESSION = 14

Values = Mapping[bytes, bytes]


class Template(NamedTuple):
    """One message; `frame % values` is what is sent. `opens` says that it starts a transaction."""

    action: str
    frame: bytes
    opens: bool = False


class Script(NamedTuple):
    """What the stations of one version say: `boot` on connecting, then `session` in a circle."""

    subprotocol: str
    boot: Template
    session: Sequence[Template]


def template(action: str, payload: dict[str, Any], *, opens: bool = False) -> Template:
    """The frame of a CALL, with a place for its message id and wherever the payload has a mark."""
    text = orjson.dumps([2, "<id>", action, payload]).replace(b"%", b"%%")
    # The id is a string of 36 characters between quotes; the other places bring their own quotes.
    text = text.replace(b'"<id>"', b'"%(id)b"')
    for place in (TRANSACTION, NUMBER, TIME):
        text = text.replace(b'"<' + place + b'>"', b"%(" + place + b")b")
    length = len(text % {place: bytes(width) for place, width in WIDTHS.items()})
    return Template(action, header(length) + text, opens)


def padded(place: bytes, value: bytes) -> bytes:
    """The value, as wide as its place."""
    assert len(value) <= WIDTHS[place]
    return value.rjust(WIDTHS[place])


def times(start: datetime, count: int = 20_000, step: timedelta = timedelta(milliseconds=7)) -> list[bytes]:
    """Timestamps for the messages of one connection, so that no two of them tell the same fact."""
    moments = (start + step * number for number in range(count))
    return [f'"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"'.encode() for moment in moments]


def _sampled_values(*, unit_as_object: bool) -> list[dict[str, Any]]:
    """What chargers send by default: the register, the power, and the current of each phase."""
    samples: list[tuple[str, str, str, str | None]] = [
        ("21548.0", "Energy.Active.Import.Register", "Wh", None),
        ("10974.5", "Power.Active.Import", "W", None),
        ("15.9", "Current.Import", "A", "L1"),
        ("16.0", "Current.Import", "A", "L2"),
        ("15.8", "Current.Import", "A", "L3"),
    ]
    return [
        {
            "value": float(value) if unit_as_object else value,
            "context": "Sample.Periodic",
            "measurand": measurand,
            **({"phase": phase} if phase else {}),
            **({"unitOfMeasure": {"unit": unit}} if unit_as_object else {"unit": unit}),
        }
        for value, measurand, unit, phase in samples
    ]


def _status_16(status: str) -> Template:
    payload = {"connectorId": 1, "errorCode": "NoError", "status": status, "timestamp": "<time>"}
    return template("StatusNotification", payload)


def _status_201(status: str) -> Template:
    payload = {"timestamp": "<time>", "connectorStatus": status, "evseId": 1, "connectorId": 1}
    return template("StatusNotification", payload)


def _transaction_event(kind: str, trigger: str, **more: Any) -> Template:
    payload = {
        "eventType": kind,
        "timestamp": "<time>",
        "triggerReason": trigger,
        "seqNo": "<number>",
        "transactionInfo": {"transactionId": "<transaction>", "chargingState": "Charging"},
        "evse": {"id": 1, "connectorId": 1},
        "meterValue": [{"timestamp": "<time>", "sampledValue": _sampled_values(unit_as_object=True)}],
        **more,
    }
    return template("TransactionEvent", payload, opens=kind == "Started")


# 20 messages a session: 14 MeterValues, 3 StatusNotification, Heartbeat, StartTransaction, StopTransaction.
V16 = Script(
    "ocpp1.6",
    template(
        "BootNotification",
        {
            "chargePointVendor": "Example",
            "chargePointModel": "Twin 22",
            "chargePointSerialNumber": "EX-0042",
            "firmwareVersion": "4.2.1",
        },
    ),
    (
        template(
            "StartTransaction",
            {"connectorId": 1, "idTag": "04E91F52AC6180", "meterStart": 21548, "timestamp": "<time>"},
            opens=True,
        ),
        _status_16("Charging"),
        *(
            template(
                "MeterValues",
                {
                    "connectorId": 1,
                    "transactionId": "<transaction>",
                    "meterValue": [
                        {"timestamp": "<time>", "sampledValue": _sampled_values(unit_as_object=False)}
                    ],
                },
            ),
        )
        * SAMPLES_PER_SESSION,
        template("Heartbeat", {}),
        template(
            "StopTransaction",
            {
                "idTag": "04E91F52AC6180",
                "meterStop": 33920,
                "timestamp": "<time>",
                "transactionId": "<transaction>",
                "reason": "EVDisconnected",
            },
        ),
        _status_16("Finishing"),
        _status_16("Available"),
    ),
)

# The same session in 2.0.1: 16 TransactionEvent, 3 StatusNotification, Heartbeat.
V201 = Script(
    "ocpp2.0.1",
    template(
        "BootNotification",
        {
            "reason": "PowerUp",
            "chargingStation": {
                "model": "Twin 22",
                "vendorName": "Example",
                "serialNumber": "EX-0042",
                "firmwareVersion": "4.2.1",
            },
        },
    ),
    (
        _transaction_event(
            "Started", "Authorized", idToken={"idToken": "04E91F52AC6180", "type": "ISO14443"}
        ),
        _status_201("Occupied"),
        *(_transaction_event("Updated", "MeterValuePeriodic"),) * SAMPLES_PER_SESSION,
        template("Heartbeat", {}),
        _transaction_event("Ended", "EVCommunicationLost"),
        _status_201("Available"),
        _status_201("Available"),
    ),
)
