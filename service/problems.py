"""Refusals as RFC 9457 has them: `application/problem+json`, with what is wrong in words."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

import msgspec

from contract.checking import Fault
from contract.http import Problem, ProblemPlace

CONTENT_TYPE = "application/problem+json"
TYPES = "https://ocpp-gateway.dev/problems"
"""Root of the problems' types."""


class Refused(Exception):
    """A request is not done: the status, a name for programs, and in words why."""

    def __init__(
        self,
        status: int,
        name: str,
        detail: str | None = None,
        *,
        faults: Iterable[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name)
        self.status = status
        self.name = name
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})

    def body(self, request_id: str) -> bytes:
        """The problem as JSON."""
        return msgspec.json.encode(
            Problem(
                type=f"{TYPES}/{self.name}",
                title=HTTPStatus(self.status).phrase,
                status=self.status,
                detail=self.detail,
                errors=tuple(ProblemPlace(detail=fault.why, pointer=fault.pointer) for fault in self.faults),
                request_id=request_id,
            )
        )
