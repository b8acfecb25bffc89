"""Logs of a state that a loop meets again and again: one line when it begins, one when it has ended."""

from typing import Any


class LoggedState:
    """One thing that works or does not. A loop that tries again says `failed` each time, and `works` when it succeeds."""

    def __init__(self, log: Any, event: str, **fields: Any) -> None:
        """`event` is the text of the warning; `fields` are said with both lines."""
        self._log = log
        self._event = event
        self._fields = fields
        self._attempts = 0

    def failed(self, why: object) -> None:
        """It does not work; only the first time since it worked is a line, and only that one says why."""
        self._attempts += 1
        if self._attempts == 1:
            self._log.warning(self._event, why=str(why), **self._fields)

    def works(self) -> None:
        """It works (again)."""
        if self._attempts:
            self._log.info(f"over: {self._event}", attempts=self._attempts, **self._fields)
            self._attempts = 0
