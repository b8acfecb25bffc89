"""A real Alertmanager has the alerts that stand, learns of their ends, and after a restart is told anew."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from consumers.alerting.alerts import Alert
from consumers.alerting.outputs.alertmanager import posted
from tests.consumers.alerting.conftest import Alerts, Running
from tests.consumers.alerting.fleet import Charger, ms
from tests.support import alertmanager as support
from tests.support.alertmanager import RealAlertmanager
from tests.support.consumers import Clock

FAULTED = "rules:\n- {name: Faulted, kind: connector_faulted, for: 0s, annotations: {runbook: 'https://w/{code}'}}\n"
SECONDS = 30.0


class Since(Clock):
    """The real clock, whatever a test sets: an Alertmanager has no other."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


def minutes_now() -> float:
    return (datetime.now(UTC) - datetime(2026, 3, 1, 12, tzinfo=UTC)).total_seconds() / 60


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(condition):  # noqa: ASYNC110 it is another program's state
            await asyncio.sleep(0.1)


@pytest.fixture
def alertmanager() -> Iterator[RealAlertmanager]:
    with support.running() as server:
        yield server


async def test_an_alert_is_active_there_until_it_is_resolved(
    running: Running, alertmanager: RealAlertmanager
) -> None:
    charger = Charger("DE*1/é")
    more: dict[str, Any] = {
        "alerting_alertmanagers": alertmanager.address,
        "alerting_page": "http://page:9180",
    }
    async with running(FAULTED, clock=Since(), **more) as alerts:
        await alerts.say(charger.status(minutes_now(), "Faulted", code="GroundFailure"))
        await until(lambda: "Faulted DE*1/é" in alertmanager.alerts())
        there = alertmanager.alerts()["Faulted DE*1/é"]
        assert there["labels"] == {
            "alertname": "Faulted",
            "severity": "warning",
            "station": "DE*1/é",
            "evse": "1",
            "connector": "1",
        }
        assert there["annotations"]["runbook"] == "https://w/GroundFailure"
        assert there["generatorURL"] == "http://page:9180/#/stations/DE%2A1%2F%C3%A9"
        ends = datetime.fromisoformat(there["endsAt"]) - datetime.now(UTC)
        assert timedelta(minutes=4) < ends <= timedelta(minutes=5)
        await alerts.say(charger.status(minutes_now(), "Available"))
        await until(lambda: alertmanager.alerts() == {})
        await alerts.world.until(lambda: sent(alerts, alertmanager) == 2)


async def test_an_alertmanager_that_was_away_is_told_what_stands(
    running: Running, alertmanager: RealAlertmanager
) -> None:
    one, other = Charger("A"), Charger("B")
    more: dict[str, Any] = {
        "alerting_alertmanagers": alertmanager.address,
        "alerting_resolve_timeout_seconds": 4,
    }
    async with running(FAULTED, clock=Since(), **more) as alerts:
        await alerts.say(one.status(minutes_now(), "Faulted"), other.status(minutes_now(), "Faulted"))
        await until(lambda: len(alertmanager.alerts()) == 2)
        alertmanager.kill()
        await alerts.say(other.status(minutes_now(), "Available"))
        await alerts.world.until(lambda: failed(alerts, alertmanager) > 0)
        alertmanager.start()
        await until(lambda: set(alertmanager.alerts()) == {"Faulted A"})
        await asyncio.sleep(5)  # longer than it believes what it is not told again
        assert set(alertmanager.alerts()) == {"Faulted A"}


def sent(alerts: Alerts, alertmanager: RealAlertmanager) -> int:
    return _notifications(alerts, alertmanager, "sent")


def failed(alerts: Alerts, alertmanager: RealAlertmanager) -> int:
    return _notifications(alerts, alertmanager, "failed")


def _notifications(alerts: Alerts, alertmanager: RealAlertmanager, outcome: str) -> int:
    wanted = {"receiver": f"alertmanager 127.0.0.1:{alertmanager.port}", "outcome": outcome}
    for family in alerts.world.process._own.collect():
        for sample in family.samples:
            if sample.name.endswith("notifications_total") and sample.labels == wanted:
                return int(sample.value)
    return 0


def test_an_alert_never_ends_before_it_starts() -> None:
    alert = Alert(
        fingerprint="f",
        rule="R",
        kind="k",
        severity="info",
        labels={"alertname": "R"},
        annotations={"summary": "s"},
        since_ms=ms(0),
        raised_ms=ms(5),
        resolved_ms=ms(4),
        why="ended",
    )
    made = posted(alert, datetime.now(UTC))
    assert made["endsAt"] == made["startsAt"]
    assert "generatorURL" not in made
