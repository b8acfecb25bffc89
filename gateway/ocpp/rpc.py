"""One side of an OCPP-J connection, sans-io: frames in, happenings out; intentions in, frames out.

It knows the two rules (OCPP 2.0.1 Part 4 §4.1): at most one CALL of ours is open at a time, and every
CALL of the station is answered once. Stations break the first rule themselves (reference §4, quirk
29), so theirs are taken as they come. There is no clock here: who waits says when it gives up.
"""

from typing import Any

from gateway.ocpp import frames
from gateway.ocpp.versions import ERROR_CODES, Version, canonical_code

REMEMBERED_CALLS = 16
"""Calls of ours given up: an answer that comes late is told from one that nobody asked for."""


class Asked:
    """The station's CALL (or SEND, which wants no answer)."""

    __slots__ = ("action", "answered", "id", "payload")

    def __init__(self, call: frames.Call) -> None:
        self.id = call.id
        self.action = call.action
        self.payload = call.payload
        self.answered = not call.wants_answer


class Answered:
    """The station's result of our open CALL."""

    __slots__ = ("id", "payload")

    def __init__(self, result: frames.CallResult) -> None:
        self.id = result.id
        self.payload = result.payload


class Refused:
    """The station's error for our open CALL. `code` is in 2.1's spelling where it is an official one."""

    __slots__ = ("code", "description", "details", "id")

    def __init__(self, error: frames.CallError) -> None:
        self.id = error.id
        self.code = canonical_code(error.code)
        self.description = error.description
        self.details = error.details


class Unmatched:
    """An answer to no open CALL: `kind` is late, unsolicited, or result_refused (2.1's CALLRESULTERROR).

    `type` is callresult, callerror or callresulterror; `frame` has what came.
    """

    __slots__ = ("frame", "id", "kind", "type")

    def __init__(self, kind: str, type_: str, frame: frames.CallResult | frames.CallError) -> None:
        self.kind = kind
        self.type = type_
        self.id = frame.id
        self.frame = frame


class Garbled:
    """No OCPP-J. `reply` is the frame that tells the station so, None where it is not to be told."""

    __slots__ = ("kind", "reply", "why")

    def __init__(self, kind: str, why: str, reply: bytes | None) -> None:
        self.kind = kind
        self.why = why
        self.reply = reply


Happening = Asked | Answered | Refused | Unmatched | Garbled


class Rpc:
    """The state of a connection: which CALL of ours is open, and which were given up."""

    __slots__ = ("_given_up", "_newer_frames", "_open", "_version")

    def __init__(self, version: Version) -> None:
        self._version = version
        self._newer_frames = version.newer_frames
        self._open: str | None = None
        self._given_up: tuple[str, ...] = ()  # of most connections for ever: a deque is 700 bytes

    def receive(self, data: bytes) -> Happening:
        """What a frame of the station means."""
        frame = frames.parse(data, newer_frames=self._newer_frames)
        if type(frame) is frames.Call:
            return Asked(frame)
        if type(frame) is frames.CallResult:
            return Answered(frame) if self._closes(frame.id) else self._unmatched("callresult", frame)
        if type(frame) is frames.CallError:
            if frame.of_result:
                return Unmatched("result_refused", "callresulterror", frame)
            return Refused(frame) if self._closes(frame.id) else self._unmatched("callerror", frame)
        assert type(frame) is frames.Unreadable
        if frame.id is not None and not frame.answerable and self._closes(frame.id):
            # `[4, "id"]`, `[3, "id"]`: the station has answered, and no better answer will come.
            return Refused(frames.CallError(frame.id, "GenericError", frame.why, None))
        return Garbled(frame.kind, frame.why, self._reply(frame))

    def answer(self, asked: Asked, payload: Any) -> bytes:
        """The CALLRESULT. Raises RuntimeError when the CALL has its answer, or wants none."""
        self._answer_once(asked)
        return frames.result(asked.id, payload)

    def refuse(self, asked: Asked, code: str, description: str = "", details: Any = None) -> bytes:
        """The CALLERROR; `code` in 2.1's spelling. Raises RuntimeError as `answer` does."""
        self._answer_once(asked)
        return frames.error(asked.id, self._spelled(code), description, details)

    def call(self, id_: str, action: str, payload: Any) -> bytes:
        """Our CALL. Raises RuntimeError while another one is open."""
        if self._open is not None:
            raise RuntimeError(f"the call {self._open} is still open")
        self._open = id_
        return frames.call(id_, action, payload)

    def give_up(self, id_: str) -> None:
        """Wait no longer for the answer of our CALL."""
        if self._open == id_:
            self._open = None
            self._given_up = (*self._given_up[1 - REMEMBERED_CALLS :], id_)

    def refuse_result(self, answered: Answered, code: str, description: str) -> bytes | None:
        """Tell the station that its result could not be understood; None where its version has no way to."""
        return frames.result_error(answered.id, code, description) if self._newer_frames else None

    def _closes(self, id_: str) -> bool:
        if self._open is None or id_ != self._open:
            return False
        self._open = None
        return True

    def _unmatched(self, type_: str, frame: frames.CallResult | frames.CallError) -> Unmatched:
        return Unmatched("late" if frame.id in self._given_up else "unsolicited", type_, frame)

    @staticmethod
    def _answer_once(asked: Asked) -> None:
        if asked.answered:
            raise RuntimeError(f"{asked.action} {asked.id} has its answer")
        asked.answered = True

    def _spelled(self, code: str) -> str:
        assert code in ERROR_CODES, code
        return self._version.spelling.get(code, code)

    def _reply(self, frame: frames.Unreadable) -> bytes | None:
        """OCPP 1.6J §4.1.3 has unknown message types ignored; 2.x answers what it cannot read with id "-1"."""
        if not frame.answerable:
            return None
        if self._version.answers_unreadable:
            return frames.error(frame.id or frames.UNREADABLE_ID, self._spelled(frame.code), frame.why)
        if frame.id is None or frame.kind == "message_type":
            return None
        return frames.error(frame.id, self._spelled(frame.code), frame.why)
