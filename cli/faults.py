"""What went wrong, told to the person at the terminal: a line or a few, never a traceback, and an exit code."""

import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

from service.settings import SettingsFault

Result = TypeVar("Result")

USAGE = 2


def fail(problem: str, code: int = 1) -> NoReturn:
    """Say what is wrong and end."""
    print(f"ocpp-gateway: {problem}", file=sys.stderr)
    sys.exit(code)


def or_exit(load: Callable[[], Result]) -> Result:
    """The settings that `load` reads, or the end of the program with every fault, a line each."""
    try:
        return load()
    except SettingsFault as fault:
        lines = "\n".join(f"  {one}" for one in fault.faults)
        fail(f"the settings are not valid:\n{lines}", USAGE)
