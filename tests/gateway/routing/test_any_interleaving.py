"""Whatever overlaps, repeats itself or dies in whatever order: each command has one result and runs at most once."""

import random

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.command_world import READ, World

STATIONS = ("S1", "S2")
NOT_SENT = {"offline", "expired", "invalid"}


class Commands(RuleBasedStateMachine):
    """One partition, up to three routers that all believe it is theirs, up to three gateways."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.names = iter(range(10_000))

    @initialize()
    def begin(self) -> None:
        self.world.start_router("r0")
        self.world.start_pod("A")
        self.world.start_pod("B")

    def pick(self, data: st.DataObject, things: list[str]) -> str:
        return data.draw(st.sampled_from(sorted(things)))

    @rule(
        station=st.sampled_from(STATIONS),
        number=st.integers(0, 6),
        waits=st.booleans(),
        seconds=st.sampled_from((1.0, 5.0, 60.0)),
    )
    def ask(self, station: str, number: int, *, waits: bool, seconds: float) -> None:
        self.world.ask(station, f"{number}", waits=waits, seconds=seconds)

    @rule(data=st.data(), station=st.sampled_from(STATIONS))
    @precondition(lambda self: self.world.pods)
    def connect(self, data: st.DataObject, station: str) -> None:
        self.world.connect(station, self.pick(data, list(self.world.pods)))

    @rule(data=st.data())
    @precondition(lambda self: any(pod.sessions for pod in self.world.pods.values()))
    def disconnect(self, data: st.DataObject) -> None:
        pod = self.pick(data, [name for name, pod in self.world.pods.items() if pod.sessions])
        self.world.disconnect(self.pick(data, list(self.world.pods[pod].sessions)), pod)

    @rule(seed=st.integers(0, 2**32), steps=st.integers(1, 60))
    def bustle(self, seed: int, steps: int) -> None:
        """Everybody does something, in any order; now and then an append fails."""
        chance, world = random.Random(seed), self.world
        for _ in range(steps):
            router = chance.choice(world.routers)
            pods = list(world.pods)
            match chance.choices(range(7), (12, 6, 1, 1, 4, 3, 2))[0]:
                case 0:
                    router.read(chance.choice(READ))
                case 1:
                    router.append(fails=chance.random() < 0.2)
                case 2:
                    router.tick()
                case 3:
                    router.commit()
                case 4:
                    world.read_inbox(chance.choice(pods))
                case 5:
                    world.send(chance.choice(pods))
                case _:
                    world.answer(chance.choice(pods))

    @rule(data=st.data())
    def interrupt(self, data: st.DataObject) -> None:
        data.draw(st.sampled_from(self.world.routers)).interrupt()

    @rule(data=st.data(), leave=st.booleans())
    def replace_router(self, data: st.DataObject, *, leave: bool) -> None:
        """One dies, or is believed to be dead and goes on."""
        if not leave or len(self.world.routers) > 2:
            self.world.routers.remove(data.draw(st.sampled_from(self.world.routers)))
        self.world.start_router(f"r{next(self.names)}")

    @rule(data=st.data())
    @precondition(lambda self: self.world.pods)
    def kill_pod(self, data: st.DataObject) -> None:
        self.world.kill(self.pick(data, list(self.world.pods)))
        self.world.start_pod(f"P{next(self.names)}")

    @rule(seconds=st.sampled_from((0.1, 1.0, 3.0, 21.0)))
    def wait(self, seconds: float) -> None:
        self.world.mono += seconds

    @rule(seconds=st.sampled_from((0.5, 3.0)))
    def settle(self, seconds: float) -> None:
        self.world.settle(seconds)

    @invariant()
    def nothing_runs_twice(self) -> None:
        assert not [key for key, count in self.world.executed.items() if count > 1]

    @invariant()
    def all_results_of_a_command_are_the_same(self) -> None:
        assert not [key for key, found in self.world.results().items() if len(set(found)) > 1]

    def teardown(self) -> None:
        world = self.world
        world.settle(100.0)
        results = world.results()
        missing = {key: asked for key, asked in world.asked.items() if key not in results}
        note(f"{len(world.asked)} commands, {len(world.executed)} executed")
        assert not missing
        assert set(results) == set(world.asked)
        self.nothing_runs_twice()
        self.all_results_of_a_command_are_the_same()
        for key in world.asked:
            status = world.status(key)
            if status in NOT_SENT:
                assert not world.executed[key], status
            if status == "accepted":
                assert world.executed[key] == 1
        assert all(router.partition.open_commands == 0 for router in world.routers)


TestCommands = Commands.TestCase
TestCommands.settings = settings(
    max_examples=300, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck)
)
