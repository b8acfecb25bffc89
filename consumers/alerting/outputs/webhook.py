"""A webhook: each state of an alert as one JSON document, signed, with a key by which a repetition can be told.

`X-Alert-Signature: sha256=<hex>` is the HMAC-SHA-256 of `X-Alert-Timestamp`, a full stop and the body, so that
neither the body can be changed nor an old one be played again later. `Idempotency-Key` is the same for each try.
"""

import hashlib
import hmac
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

import aiohttp
import msgspec

from consumers.alerting.alerts import Change
from consumers.alerting.ledger import fact_of
from consumers.alerting.outputs.http import post
from consumers.alerting.outputs.receiver import Telling, name_of

SIGNATURE: Final = "X-Alert-Signature"
TIMESTAMP: Final = "X-Alert-Timestamp"
IDEMPOTENCY_KEY: Final = "Idempotency-Key"


class Webhook:
    """One address."""

    at_once = 1
    again_seconds = None

    def __init__(
        self,
        client: Callable[[], aiohttp.ClientSession],
        address: str,
        *,
        now: Callable[[], datetime],
        timeout_seconds: float,
        secret: str | None = None,
    ) -> None:
        self.name = name_of("webhook", address)
        self._client = client
        self._address = address
        self._now = now
        self._timeout_seconds = timeout_seconds
        self._secret = secret

    async def tell(self, tellings: Sequence[Telling]) -> None:
        for one in tellings:
            body = msgspec.json.encode(document(one))
            headers = {"Content-Type": "application/json", IDEMPOTENCY_KEY: f"{one.fingerprint}-{one.stamp}"}
            if self._secret is not None:
                timestamp = str(int(self._now().timestamp()))
                headers |= {TIMESTAMP: timestamp, SIGNATURE: signature(self._secret, timestamp, body)}
            await post(self._client(), self._address, body, headers, self._timeout_seconds)


def document(telling: Telling) -> dict[str, Any]:
    """What is posted: the state, and the alert as `alerts.v1` has it."""
    alert = telling.alert
    became: Any = "resolved" if telling.resolved else "updated" if alert.revision else "raised"
    at_ms = alert.resolved_ms if alert.resolved_ms is not None else alert.raised_ms
    fact: dict[str, Any] = msgspec.to_builtins(fact_of(Change(became, at_ms, alert)))
    fact.pop("updatedAt", None)
    return {"version": 1, "status": "resolved" if telling.resolved else "firing", "alert": fact}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """The value of the header by which a receiver knows that it was us."""
    made = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={made.hexdigest()}"
