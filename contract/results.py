"""What became of a command: exactly one result for each, in one shape for all versions."""

from typing import Any, Literal

import msgspec

from contract.events import Event
from contract.model import Evse, Moment, Native, StatusInfo, Value
from contract.topics import COMMAND_RESULTS

Status = Literal[
    "accepted", "rejected", "failed", "timed_out", "expired", "offline", "unsupported", "invalid"
]
"""accepted, rejected: the station's answer. failed: it answered CALLERROR, or our side failed. timed_out: sent,
no answer in time, whether it acted is unknown. expired: the deadline came before it was sent. offline: not
connected. unsupported: its version, or it, cannot do this. invalid: the command breaks a schema.
"""


class CommandRequest(Value, frozen=True, kw_only=True):
    """The value of a record on `ocpp.commands.v1`; its key is the station's id.

    Either a `command` with its `arguments`, or an OCPP `action` with its `payload` for a station that
    speaks `version`. `id` is the sender's own, unique; the same id is the same command. `deadline_seconds`
    run from the record's timestamp. `when_offline` is fail (at once) or wait (until the deadline).
    `correlation_id` stands in the result again.
    """

    id: str
    command: str | None = None
    arguments: Any = None
    action: str | None = None
    payload: Any = None
    version: str | None = None
    deadline_seconds: float = 30.0
    when_offline: Literal["fail", "wait"] = "fail"
    correlation_id: str | None = None


class Loss(Value, frozen=True, kw_only=True):
    """What the station's version has no room for: where, why, and what became of it.

    `path` is the JSON Pointer (RFC 6901) of the place in the command's arguments. `code` is one of
    enum_collapsed, enum_unmapped, field_dropped, value_truncated, value_rounded, type_inferred,
    default_assumed, semantics_changed, action_unsupported.
    """

    path: str
    code: str
    was: Any = None
    became: Any = None


class VariableResult(Value, frozen=True, kw_only=True):
    """What became of one variable; `status` in 2.x words (Accepted, UnknownVariable, RebootRequired, ...).

    `readonly` is what a 1.6 station says of a key; so is `max_limit`, the characteristic of that name.
    The command is accepted when all of its variables are.
    """

    component: str
    variable: str
    component_instance: str | None = None
    variable_instance: str | None = None
    evse: Evse | None = None
    attribute: str | None = None
    status: str
    status_info: StatusInfo | None = None
    value: str | None = None
    max_limit: str | None = None
    readonly: bool | None = None


class Answer(Value, frozen=True, kw_only=True):
    """What the station said, in 2.x words; only what the command's answer has is there.

    `status` is the station's status, `native.status` the word of its version where that differs. `data` is
    the answer's own (DataTransfer), or the whole answer to a command that was passed down.
    """

    status: str | None = None
    status_info: StatusInfo | None = None
    native: Native | None = None
    transaction_id: str | None = None
    ongoing: bool | None = None
    messages_in_queue: bool | None = None
    variables: tuple[VariableResult, ...] = ()
    schedule: dict[str, Any] | None = None
    list_version: int | None = None
    file_name: str | None = None
    certificates: tuple[dict[str, Any], ...] = ()
    request_id: int | None = None
    remote_start_id: int | None = None
    data: Any = None


class Exchange(Value, frozen=True, kw_only=True):
    """One CALL to the station as it was on the wire, and what came back: a payload, or an error."""

    action: str
    request: Any
    response: Any = None
    error_code: str | None = None
    error_description: str | None = None


class Timings(Value, frozen=True, kw_only=True):
    """When the command was asked for (its record's time), taken up by the station's gateway, sent, answered."""

    asked_at: Moment
    queued_at: Moment | None = None
    sent_at: Moment | None = None
    answered_at: Moment | None = None


class CommandCompleted(Event, frozen=True, kw_only=True):
    """The one result of a command. `request` is the command as it was asked for.

    `why` says in words what no other field does (the path of a schema fault, what is unsupported).
    """

    NAME = "command.completed"
    TOPIC = COMMAND_RESULTS
    command_id: str
    status: Status
    request: Any
    timings: Timings
    answer: Answer | None = None
    exchanges: tuple[Exchange, ...] = ()
    loss: tuple[Loss, ...] = ()
    why: str | None = None
    correlation_id: str | None = None


class CommandLateResult(Event, frozen=True, kw_only=True):
    """A station's answer that came after its command had its result (timed_out)."""

    NAME = "command.late_result"
    TOPIC = COMMAND_RESULTS
    command_id: str
    payload: Any = msgspec.UNSET
    error_code: str | None = None
