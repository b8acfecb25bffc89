"""What the settings ask for of decisions, put together: the tables that are followed, the backend that is heard."""

from collections.abc import Callable, Coroutine
from typing import Any

from contract.topics import ID_TOKENS, TRANSACTIONS
from eventlog.port import EventLog
from gateway.asking_backend import Backend
from gateway.decisions import Decisions
from gateway.following import Following
from gateway.metrics import GatewayMetrics
from gateway.running import LONGEST_SECONDS, Running
from gateway.settings import GatewaySettings
from gateway.tokens import Tokens
from gateway.verdicts import Verdicts


class Deciding:
    """The decisions of one gateway, and what keeps them informed."""

    def __init__(self, settings: GatewaySettings, log: EventLog, metrics: GatewayMetrics) -> None:
        deciders = settings.deciders()
        needed = " ".join(deciders.values())
        verdicts = Verdicts()
        tokens = Tokens(metrics) if "id_tokens" in needed else None
        backend = Backend(log, settings.gateway_id) if "ask" in needed else None
        running = Running(verdicts) if settings.concurrent_transactions == "refuse" else None
        self._followed: dict[str, Following] = {}
        self._backend = backend
        if tokens is not None:
            self._followed["id_tokens"] = Following(log, ID_TOKENS.name, tokens)
            metrics.gauge("id_tokens", "Tokens in the table.", lambda: float(len(tokens)))
        if running is not None:
            self._followed["running_transactions"] = Following(
                log, TRANSACTIONS.name, running, past_seconds=LONGEST_SECONDS
            )
            metrics.gauge(
                "running_transactions", "Transactions that run, at all stations.", lambda: float(len(running))
            )
        self.decisions = Decisions(
            deciders,
            metrics=metrics,
            tokens=tokens,
            unknown=settings.unknown_id_token,
            backend=backend,
            timeout_seconds=settings.decision_timeout_seconds,
            running=running,
            verdicts=verdicts,
        )

    def tasks(self) -> dict[str, Coroutine[Any, Any, None]]:
        """What has to run while the gateway does, by name."""
        every = {name: following.watch() for name, following in self._followed.items()}
        return every if self._backend is None else {**every, "decision_replies": self._backend.watch()}

    def ready(self) -> dict[str, Callable[[], str | None]]:
        """The checks of readiness: a gateway that knows no tokens yet would turn every driver away."""
        return {
            name: lambda following=following: (  # type: ignore[misc]  # bound here, not when it is called
                None if following.caught_up.is_set() else "what stands in the log has not been read yet"
            )
            for name, following in self._followed.items()
        }

    async def informed(self) -> None:
        """Wait until all that stands in the log is known: no station is let in before."""
        for following in self._followed.values():
            await following.caught_up.wait()
