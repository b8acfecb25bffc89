"""What an OCPP 1.6 station can be asked: the plan of each command (reference §2.9, §3.7-3.9)."""

from collections.abc import Generator

from contract.commands import AuthorizationClearCache
from contract.results import Answer
from gateway.translation.plan import Ask, Declined, Outbound, Outcome, Said, Target, refused


def _clear_cache(
    _command: AuthorizationClearCache, _target: Target
) -> Generator[Ask, Said | Declined, Outcome]:
    reply = yield Ask("ClearCache", {})
    if isinstance(reply, Declined):
        return refused(reply)
    status = reply.payload.get("status")
    return Outcome(
        status="accepted" if status == "Accepted" else "rejected",
        answer=Answer(status=status),
    )


COMMANDS_16: Outbound = {AuthorizationClearCache: _clear_cache}
"""The plans by command."""
