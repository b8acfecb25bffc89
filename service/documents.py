"""YAML and JSON files that people write, judged before they are read: no file takes minutes, memory or the stack.

A few lines of YAML can stand for billions of nodes (aliases of aliases), nest deeper than Python recurses, or hold
a number that takes minutes to convert. The events of the parser tell all of that without building anything.
"""

from collections.abc import Iterator
from typing import Final

import yaml

MOST_CHARACTERS: Final = 4_000_000
MOST_NODES: Final = 200_000
"""Values of a file, those that aliases stand for counted as often as they are meant."""
DEEPEST: Final = 32
LONGEST_NUMBER: Final = 60
"""Characters of a number."""


class UnreadableDocument(Exception):
    """The file cannot be read. `line` counts from 1; `why` says what is wrong, in words."""

    def __init__(self, line: int, why: str) -> None:
        self.line = line
        self.why = why
        super().__init__(f"line {line}: {why}")


def judge(text: str) -> None:
    """Raise UnreadableDocument where reading this YAML (or JSON) would take too much; what is no YAML is let through.

    The loader that reads it then tells what is no YAML, with the place.
    """
    if len(text) > MOST_CHARACTERS:
        raise UnreadableDocument(1, f"has {len(text):,} characters, more than {MOST_CHARACTERS:,}")
    measured = _Measured()
    for event in _events(text):
        if (why := measured.take(event)) is not None:
            raise UnreadableDocument(event.start_mark.line + 1 if event.start_mark else 1, why)


class _Measured:
    """What a file stands for, as far as its events were taken. An alias counts as all that its anchor holds."""

    def __init__(self) -> None:
        self._values = 0
        self._of_anchor: dict[str | None, int] = {}
        self._open: list[tuple[str | None, int]] = []

    def take(self, event: yaml.Event) -> str | None:
        """Why the file is too much, now that this event came."""
        match event:
            case yaml.CollectionEndEvent():
                anchor, began = self._open.pop()
                self._of_anchor[anchor] = self._values - began
            case yaml.AliasEvent():
                self._values += self._of_anchor.get(event.anchor, 1)
            case yaml.CollectionStartEvent():
                self._open.append((event.anchor, self._values))
                self._values += 1
                if len(self._open) > DEEPEST:
                    return f"is nested deeper than {DEEPEST}"
            case yaml.ScalarEvent():
                self._values += 1
                self._of_anchor[event.anchor] = 1
                if event.implicit[0] and len(event.value) > LONGEST_NUMBER and _is_number(event.value):
                    return f"has a number of {len(event.value):,} digits"
        return f"stands for more than {MOST_NODES:,} values" if self._values > MOST_NODES else None


def _events(text: str) -> Iterator[yaml.Event]:
    try:
        yield from yaml.parse(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return


def _is_number(text: str) -> bool:
    return text.lstrip("+-")[:1].isdigit() and not set(text) - set("0123456789+-._eExXabcdefABCDEF:")
