"""The question that makes a station repeat a report: TriggerMessage, in its version's words.

Only what a station does not repeat by itself is asked for (OCPP 1.6 §5.17, OCPP 2.0.1 Part 2 F06).
"""

import itertools
from collections.abc import Generator
from typing import Any, NamedTuple

ASKED_FOR = frozenset(
    ("BootNotification", "StatusNotification", "FirmwareStatusNotification", "LogStatusNotification")
)
MOST_QUESTIONS = 64
"""To one station: there is one that agrees to everything."""

_DIAGNOSTICS = "DiagnosticsStatusNotification"


class Question(NamedTuple):
    """A CALL to the station."""

    action: str
    payload: dict[str, Any]


def trigger(version: str, action: str, payload: dict[str, Any]) -> Question | None:
    """Ask for the report that `payload` was; None where the version has no such question."""
    if version == "1.6":
        return _trigger_v16(action, payload)
    if action not in ASKED_FOR:
        return None
    question: dict[str, Any] = {"requestedMessage": action}
    if action == "StatusNotification" and _number(payload.get("evseId")):
        question["evse"] = {"id": payload["evseId"]}
        if _number(payload.get("connectorId")):
            question["evse"]["connectorId"] = payload["connectorId"]
    return Question("TriggerMessage", question)


def every_status(version: str) -> Generator[Question, bool, None]:
    """Ask for the status of every connector of a station of which nothing is known; is sent whether it agreed.

    1.6 asks for all of them at once. In 2.x each must be named (OCPP 2.0.1 Part 2, F06.FR.13): EVSEs, and the
    connectors of each, are numbered from 1 without gaps (Part 1, "Numbering"), so a refusal is the end of them.
    """
    if version == "1.6":
        yield Question("TriggerMessage", {"requestedMessage": "StatusNotification"})
        return
    asked = 0
    for evse in itertools.count(1):
        for connector in itertools.count(1):
            place = {"id": evse, "connectorId": connector}
            agreed = yield Question(
                "TriggerMessage", {"requestedMessage": "StatusNotification", "evse": place}
            )
            asked += 1
            if asked == MOST_QUESTIONS:
                return
            if not agreed:
                break
        if connector == 1:
            return


def _trigger_v16(action: str, payload: dict[str, Any]) -> Question | None:
    if action == "LogStatusNotification":  # of the security extension, as its question is
        return Question("ExtendedTriggerMessage", {"requestedMessage": action})
    if action not in ASKED_FOR and action != _DIAGNOSTICS:
        return None
    question: dict[str, Any] = {"requestedMessage": action}
    # Connector 0 cannot be named (OCPP 1.6 §6.51: connectorId > 0): absent asks for all of them.
    if action == "StatusNotification" and _number(payload.get("connectorId")):
        question["connectorId"] = payload["connectorId"]
    return Question("TriggerMessage", question)


def _number(value: object) -> bool:
    return type(value) is int and value > 0
