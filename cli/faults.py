"""What went wrong, told to the person at the terminal: a line or a few, never a traceback, and an exit code."""

import sys
from typing import NoReturn

USAGE = 2


def fail(problem: str, code: int = 1) -> NoReturn:
    """Say what is wrong and end."""
    print(f"ocpp-gateway: {problem}", file=sys.stderr)
    sys.exit(code)
