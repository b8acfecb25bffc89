"""The alerting in memory and one database, under rules of its own, at a time that the test sets."""

import contextlib
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from consumers.alerting.app import make
from consumers.alerting.settings import AlertingSettings
from consumers.alerting.tables import SCHEMA
from contract.alerts import AlertFact, AlertResolved, fact_of
from contract.events import Event
from contract.topics import ALERTS
from tests.consumers.alerting.fleet import NOON, at
from tests.support.consumers import Clock, World, consuming


class Alerts:
    """A world in which the alerting runs, by minutes after noon."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def say(self, *events: Event, connection: str = "c1") -> None:
        """What stations say, as the log has it at once."""
        for moment, said in itertools.groupby(events, lambda event: event.received_at):
            await self.world.append(*said, at=moment, connection=connection)

    async def tick(self, *minutes: float) -> None:
        """All is taken in, and the clock shows these minutes, one after the other."""
        for minute in minutes:
            await self.world.caught_up()
            self.world.clock.at = at(minute)
            await self.world.ticked()

    @property
    def facts(self) -> list[AlertFact]:
        """All that was said, each once, by key and in order."""
        found: dict[str, AlertFact] = {}
        for stored in self.world.published(ALERTS):
            record = stored.record
            assert record.value is not None
            found.setdefault(
                dict(record.headers)["ce_id"].decode(), fact_of(list(record.headers), record.value)
            )
        return list(found.values())

    @property
    def standing(self) -> list[str]:
        """The rules and subjects of the alerts that stand by what the topic says."""
        names: dict[str, str] = {}
        for fact in self.facts:
            names.pop(fact.alert, None)
            if not isinstance(fact, AlertResolved):
                names[fact.alert] = f"{fact.rule} {fact.station or fact.group}"
        return sorted(names.values())

    @property
    def told(self) -> list[tuple[str, str, float]]:
        """What became of which alert, and at which minute, by the time."""
        found = []
        for fact in self.facts:
            plain: dict[str, Any] = msgspec.structs.asdict(fact)
            moment = plain.get("resolved_at") or plain.get("updated_at") or fact.raised_at
            minute = round((moment - NOON).total_seconds() / 60, 2)
            found.append(
                (f"{fact.rule} {fact.station or fact.group}", fact.NAME.removeprefix("alert."), minute)
            )
        return sorted(found, key=lambda one: (one[2], one[0]))


Running = Callable[..., AbstractAsyncContextManager[Alerts]]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    """Runs the alerting for the length of a block."""

    @contextlib.asynccontextmanager
    async def run(rules: str | None = None, minute: float = 0, **more: Any) -> AsyncIterator[Alerts]:
        if rules is not None:
            path = tmp_path / "rules.yaml"
            path.write_text(rules)
            more["alerting_rules"] = path
        clock = more.pop("clock", None) or Clock()
        clock.at = at(minute)
        async with consuming(tmp_path, SCHEMA, AlertingSettings, make, clock=clock, **more) as world:
            yield Alerts(world)

    return run


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
    return str(request.getfixturevalue("postgres").new())
