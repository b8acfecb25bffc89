"""Prometheus Alertmanager, API v2: `POST /api/v2/alerts` with all labels as the alert's identity.

An Alertmanager forgets what it is not told again, so that an alert whose source has died does not stand for ever:
each telling says until when it holds (`endsAt`), and comes again in half of that time. Of a cluster each
member is told by itself, as the project asks of clients; they agree among themselves on who notifies.
Source: github.com/prometheus/alertmanager, api/v2/openapi.yaml.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import aiohttp
import msgspec

from consumers.alerting.alerts import Alert
from consumers.alerting.durations import moment
from consumers.alerting.outputs.http import post
from consumers.alerting.outputs.receiver import Telling, name_of

AT_ONCE = 100


class Alertmanager:
    """One Alertmanager. `page` is where an alert links to, the monitoring's page."""

    at_once = AT_ONCE

    def __init__(
        self,
        client: Callable[[], aiohttp.ClientSession],
        address: str,
        *,
        now: Callable[[], datetime],
        resolve_timeout_seconds: float,
        timeout_seconds: float,
        page: str | None = None,
    ) -> None:
        self.name = name_of("alertmanager", address)
        self.again_seconds = resolve_timeout_seconds / 2
        self._client = client
        self._address = f"{address}/api/v2/alerts"
        self._now = now
        self._holds = timedelta(seconds=resolve_timeout_seconds)
        self._timeout_seconds = timeout_seconds
        self._page = page

    async def tell(self, tellings: Sequence[Telling]) -> None:
        alerts = [posted(one.alert, self._now() + self._holds, self._page) for one in tellings]
        headers = {"Content-Type": "application/json"}
        await post(self._client(), self._address, msgspec.json.encode(alerts), headers, self._timeout_seconds)


def posted(alert: Alert, holds_until: datetime, page: str | None = None) -> dict[str, Any]:
    """An alert as the API wants it (`postableAlert`)."""
    ends = holds_until if alert.resolved_ms is None else moment(alert.resolved_ms)
    starts = moment(alert.raised_ms)
    made = {
        "labels": alert.labels,
        "annotations": alert.annotations,
        "startsAt": starts,
        # It refuses an alert that ends before it starts.
        "endsAt": max(ends, starts),
    }
    if page is not None:
        made["generatorURL"] = link(alert, page)
    return made


def link(alert: Alert, page: str) -> str:
    """Where one sees what the alert is about."""
    return page if alert.station is None else f"{page}/#/stations/{quote(alert.station, safe='')}"
