"""A webhook gets each alert signed, again until it takes it, and never delays anybody else."""

import hashlib
import hmac
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select

from consumers.alerting.outputs.receiver import name_of
from consumers.alerting.settings import AlertingSettings
from consumers.alerting.tables import NOTIFICATIONS
from service.settings import SettingsFault
from tests.consumers.alerting.conftest import Alerts, Running
from tests.consumers.alerting.fleet import Charger, at
from tests.support.memory_log import MemoryLog

FAULTED = "rules:\n- {name: Faulted, kind: connector_faulted, for: 0s}\n"
SECRET = "0123456789abcdef"
A = Charger("A")


class Hook:
    """A receiver that answers as it is told, and remembers what it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.said: list[tuple[dict[str, str], bytes]] = []
        self.address = ""

    async def take(self, request: web.Request) -> web.Response:
        self.said.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, text="as told", headers={"Location": "/elsewhere"})

    @property
    def states(self) -> list[tuple[str, str, int]]:
        """Of what was sent: the state, the station and the revision."""
        read = [json.loads(body) for _, body in self.said]
        return [(one["status"], one["alert"]["station"], one["alert"]["revision"]) for one in read]


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    made = Hook()
    app = web.Application()
    app.router.add_post("/alerts/secret-token", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.address = f"http://{host}:{port}/alerts/secret-token"
    yield made
    await runner.cleanup()


def settings(hook: Hook, **more: Any) -> dict[str, Any]:
    return {"alerting_webhooks": hook.address, "alerting_webhook_secret": SECRET, **more}


async def queued(alerts: Alerts) -> list[Any]:
    async with alerts.world.database.reading() as connection:
        return list((await connection.execute(select(NOTIFICATIONS))).all())


async def test_a_state_is_posted_once_and_signed(running: Running, hook: Hook, address: str) -> None:
    async with running(FAULTED, database=address, **settings(hook)) as alerts:
        await alerts.say(A.status(0, "Faulted", code="GroundFailure"))
        await alerts.tick(0.1)
        await alerts.world.until(lambda: len(hook.said) == 1)
        headers, body = hook.said[0]
        signed = headers["X-Alert-Timestamp"].encode() + b"." + body
        assert (
            headers["X-Alert-Signature"]
            == "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        )
        document = json.loads(body)
        assert (document["version"], document["status"]) == (1, "firing")
        assert document["alert"]["annotations"]["summary"] == "A EVSE 1 connector 1 is faulted: GroundFailure"
        await alerts.say(A.status(1, "Faulted", code="OverVoltage"), A.status(2, "Available"))
        await alerts.tick(3)
        await alerts.world.until(lambda: hook.states[-1][0] == "resolved")
        keys = [headers["Idempotency-Key"] for headers, _ in hook.said]
        assert len(set(keys)) == len(keys)
        await alerts.tick(4, 5)
        assert await queued(alerts) == []


async def test_a_receiver_that_fails_is_told_the_newest_state_when_it_recovers(
    running: Running, hook: Hook
) -> None:
    hook.status = 503
    log = MemoryLog()
    async with running(FAULTED, log=log, **settings(hook)) as alerts:
        await alerts.say(A.status(0, "Faulted", code="GroundFailure"))
        await alerts.tick(0.1)
        await alerts.world.until(lambda: len(hook.said) >= 1)
        await alerts.say(A.status(1, "Faulted", code="OverVoltage"))
        await alerts.tick(1.5, 2)
        assert len(await queued(alerts)) == 1  # however often it changes
    hook.said.clear()
    hook.status = 204
    async with running(FAULTED, minute=10, log=MemoryLog(log.store), **settings(hook)) as alerts:
        await alerts.tick(11)
        await alerts.world.until(lambda: ("firing", "A", 1) in hook.states)
        hook.status = 500
        await alerts.say(A.status(12, "Available"))
        await alerts.tick(12.5)
        await alerts.world.until(lambda: ("resolved", "A", 2) in hook.states)
        hook.status = 200
        hook.said.clear()
        await alerts.tick(15, 17)
        await alerts.world.until(lambda: hook.states == [("resolved", "A", 2)])


async def test_a_redirect_is_no_success(running: Running, hook: Hook) -> None:
    hook.status = 307
    async with running(FAULTED, **settings(hook)) as alerts:
        await alerts.say(A.status(0, "Faulted"))
        await alerts.tick(0.1)
        await alerts.world.until(lambda: len(hook.said) >= 1)
        assert [row.attempts > 0 for row in await queued(alerts)] == [True]


async def test_a_receiver_that_is_dead_delays_nobody_else(running: Running, hook: Hook) -> None:
    both = f"http://127.0.0.1:1/dead,{hook.address}"
    async with running(FAULTED, alerting_webhooks=both) as alerts:
        await alerts.say(*(Charger(f"S{number}").status(0, "Faulted") for number in range(20)))
        await alerts.tick(0.1)
        await alerts.world.until(lambda: len(hook.said) == 20)
        assert {
            receiver.partition(" ")[0] for receiver in {row.receiver for row in await queued(alerts)}
        } == {"webhook"}
        assert len([row for row in await queued(alerts) if "127.0.0.1:1 " in row.receiver]) == 20


async def test_the_end_of_an_alert_that_nobody_took_for_a_day_is_dropped(running: Running) -> None:
    log = MemoryLog()
    dead = {"alerting_webhooks": "http://127.0.0.1:1/dead", "alerting_give_up_hours": 1}
    async with running(FAULTED, log=log, **dead) as alerts:
        await alerts.say(A.status(0, "Faulted"))
        await alerts.tick(0.1, 1)
        await alerts.world.until(lambda: not alerts.world.process.loop.trouble)  # type: ignore[union-attr]
        while not [row for row in await queued(alerts) if row.told]:
            await alerts.tick(1.5)
        await alerts.say(A.status(2, "Available"))
        await alerts.tick(3)
        assert [row.resolved for row in await queued(alerts)] == [True]
    async with running(FAULTED, minute=90, log=MemoryLog(log.store), **dead) as alerts:
        alerts.world.clock.at = at(90)
        for _ in range(100):
            await alerts.tick(90)
            if not await queued(alerts):
                break
        assert await queued(alerts) == []


def test_names_and_settings_hold_no_secret() -> None:
    assert name_of("alertmanager", "https://user:secret@host:8443") == "alertmanager host:8443"
    addresses = [f"https://user:secret@host:8443{token}" for token in ("/token-1", "/token-2", "?token=3")]
    names = {name_of("alertmanager", address) for address in addresses}
    assert len(names) == len(addresses), "each is a receiver of its own"
    assert all(re.fullmatch("alertmanager host:8443 [0-9a-f]{8}", name) for name in names)
    with pytest.raises(SettingsFault, match="set OCPP_ALERTING_WEBHOOKS too"):
        AlertingSettings.load(alerting_webhook_secret=SECRET)
    with pytest.raises(SettingsFault, match="several with a comma between them"):
        AlertingSettings.load(alerting_alertmanagers="http://a:1, b:2")
    loaded = AlertingSettings.load(alerting_alertmanagers="http://a:1/, https://b:2")
    assert loaded.alertmanagers == ("http://a:1", "https://b:2")
