"""A command's settings, or the end of the program with every fault of the environment, a line each."""

from collections.abc import Callable
from typing import TypeVar

from cli.faults import USAGE, fail
from service.settings import Settings, SettingsFault

Loaded = TypeVar("Loaded", bound=Settings)


def or_exit(load: Callable[[], Loaded]) -> Loaded:
    """What `load` reads."""
    try:
        return load()
    except SettingsFault as fault:
        lines = "\n".join(f"  {one}" for one in fault.faults)
        fail(f"the settings are not valid:\n{lines}", USAGE)
