"""Which gateways live, told from their beats on `ocpp.gateways.v1`. Pure.

A gateway is lost only when it is silent while our own beats come through: then the log is well, and it is
the gateway that is not. After an outage of the log everybody's silence begins anew, or each outage
would end in a storm of disconnections that never were.
"""

SILENCE_SECONDS = 10.0
OWN_GAP_SECONDS = 5.0
"""Own beats further apart than this say that it was the log, or we, that stood still."""
FORGET_SECONDS = 600.0


class Living:
    """When each gateway was last heard, and which are lost. Times are monotonic seconds."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._heard: dict[str, float] = {}
        self._steady_since: float | None = None
        self.lost: frozenset[str] = frozenset()

    def hear(self, gateway: str, now: float) -> None:
        """A beat came through."""
        if gateway == self._own:
            last = self._heard.get(gateway)
            if last is None or now - last > OWN_GAP_SECONDS:
                self._steady_since = now
        self._heard[gateway] = now
        if gateway in self.lost:
            self.lost -= {gateway}

    def heard(self, gateway: str) -> float | None:
        """When its last beat came through, or it was first named."""
        return self._heard.get(gateway)

    def expect(self, gateway: str, now: float) -> None:
        """Somebody has named this gateway: if it was never heard, its silence begins now."""
        self._heard.setdefault(gateway, now)

    def forget(self, gateway: str) -> None:
        """It has left in good order, or its beats are deleted from the topic."""
        if gateway != self._own:
            self._heard.pop(gateway, None)
            self.lost -= {gateway}

    def judge(self, now: float) -> frozenset[str]:
        """The gateways that are newly lost."""
        if self._steady_since is None or now - self._heard[self._own] > OWN_GAP_SECONDS:
            return frozenset()  # nothing comes through: no judgement
        since = self._steady_since
        silent = {
            gateway for gateway, at in self._heard.items() if now - max(at, since) > SILENCE_SECONDS
        } - self.lost
        self.lost |= silent
        return frozenset(silent)

    def forgettable(self, now: float) -> list[str]:
        """Lost for so long that its key in the topic may go."""
        return [gateway for gateway in self.lost if now - self._heard[gateway] > FORGET_SECONDS]
