"""Whatever overlaps, repeats itself or dies in whatever order: each command has one result and runs at most once."""

from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.routing import ledger
from tests.support.command_world import READ, World

STATIONS = ("S1", "S2")
NOT_SENT = {"offline", "expired", "invalid"}


class Story:
    """A world in which chance decides what happens next, and how often what goes wrong.

    Routers overlap as if each were alone; `repeats` are ids that are sent again, which only those know who
    read far enough back.
    """

    def __init__(self, chance: Random, *, repeats: bool) -> None:
        self.chance = chance
        self.world = World()
        self.repeats = repeats
        self.numbers = iter(range(10_000))
        for _ in range(chance.choice((1, 1, 2, 3))):
            self.world.start_router(self.name("r"))
        for _ in range(2):
            self.world.start_pod(self.name("g"))
        self.fails = chance.choice((0.0, 0.1, 0.3))
        self.turmoil = {
            self.ask: chance.choice((0.02, 0.06)),
            self.move: chance.choice((0.01, 0.04, 0.1)),
            self.break_something: chance.choice((0.0, 0.01, 0.03)),
            self.wait: chance.choice((0.01, 0.05)),
        }

    def name(self, kind: str) -> str:
        return f"{kind}{next(self.numbers)}"

    def live(self, steps: int) -> None:
        for _ in range(steps):
            at = self.chance.random()
            for happens, share in self.turmoil.items():
                at -= share
                if at < 0:
                    happens()
                    break
            else:
                self.work()
            self.judge()

    def ask(self) -> None:
        number = self.chance.randrange(8) if self.repeats else next(self.numbers)
        seconds, waits = self.chance.choice((1.0, 5.0, 60.0)), self.chance.random() < 0.5
        self.world.ask(self.chance.choice(STATIONS), str(number), waits=waits, seconds=seconds)

    def move(self) -> None:
        world, chance = self.world, self.chance
        holding = [name for name, pod in world.pods.items() if pod.sessions]
        if holding and chance.random() < 0.3:
            pod = chance.choice(holding)
            world.disconnect(chance.choice(sorted(world.pods[pod].sessions)), pod)
        else:
            world.connect(chance.choice(STATIONS), chance.choice(list(world.pods)))

    def break_something(self) -> None:
        world, chance = self.world, self.chance
        match chance.randrange(4):
            case 0:
                chance.choice(world.routers).interrupt()
            case 1 if len(world.routers) < 3:
                world.start_router(self.name("r"))
            case 2:
                world.routers.remove(chance.choice(world.routers))
                world.start_router(self.name("r"))
            case _:
                world.kill(chance.choice(list(world.pods)))
                world.start_pod(self.name("g"))

    def wait(self) -> None:
        self.world.mono += self.chance.choice((0.1, 0.1, 1.0, 1.0, 3.0, 3.0, 21.0))

    def work(self) -> None:
        world, chance = self.world, self.chance
        router, pod = chance.choice(world.routers), chance.choice(list(world.pods))
        match chance.choices(range(8), (12, 6, 1, 1, 4, 3, 2, 6))[0]:
            case 0:
                router.read(chance.choice(READ))
            case 1:
                router.append(fails=chance.random() < self.fails)
            case 2:
                router.tick()
            case 3:
                router.commit()
            case 4:
                world.read_inbox(pod)
            case 5:
                world.send(pod)
            case 6:
                world.answer(pod)
            case _:
                router.hear(lost=chance.random() < self.fails)

    def judge(self) -> None:
        world = self.world
        assert not [key for key, count in world.executed.items() if count > 1], "a command ran twice"
        unlike = [key for key, found in world.results().items() if len(set(found)) > 1]
        assert not unlike, "two results that are not the same"

    def end(self) -> None:
        world = self.world
        world.settle(100.0)
        self.judge()
        assert set(world.results()) == set(world.asked), "a command without a result"
        for key in world.asked:
            status = world.status(key)
            if status in NOT_SENT:
                assert not world.executed[key], f"{status}, and yet it ran"
            if status == "accepted":
                assert world.executed[key] == 1
        assert not [router for router in world.routers if router.partition.open_commands]


@pytest.fixture(params=["within", "without"], ids=lambda window: f"{window} the window of repeats")
def repeats(request: Any, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Without the window, a router that takes over reads not one note more than it must."""
    if request.param == "without":
        monkeypatch.setattr(ledger, "NOTES_BACK", -1)
        return False
    return True


@given(chance=st.randoms(use_true_random=True), steps=st.sampled_from((60, 300)))
@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_one_result_and_one_run_at_most(chance: Random, steps: int, *, repeats: bool) -> None:
    story = Story(chance, repeats=repeats)
    story.live(steps)
    story.end()
