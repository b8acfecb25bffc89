"""Times as people read them, and spans as they write them: 90s, 10m, 36h, 14d, or several in a row: 1h30m."""

import re
from datetime import UTC, datetime

_UNITS_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+)([wdhms])")
_WHOLE = re.compile(r"(?:\d+[wdhms])+")


def parse_duration(text: str) -> int:
    """A span in ms. Raises ValueError for what is none."""
    if _WHOLE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no duration; write it as 90s, 10m, 36h or 14d")
    return sum(int(number) * _UNITS_SECONDS[unit] * 1000 for number, unit in _PART.findall(text))


def duration_text(span_ms: int) -> str:
    """A span in its two largest units, as 1h30m; what is left below them is cut off."""
    left = max(0, span_ms) // 1000
    parts: list[str] = []
    for unit, seconds in _UNITS_SECONDS.items():
        number, left = divmod(left, seconds)
        if number:
            parts.append(f"{number}{unit}")
        elif parts:
            break
        if len(parts) == 2:
            break
    return "".join(parts) or "0s"


def moment(at_ms: int) -> datetime:
    """A point in time, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC)


def minute_text(at_ms: int) -> str:
    """A point in time to the minute."""
    return moment(at_ms).strftime("%Y-%m-%d %H:%M UTC")


def date_text(at_ms: int) -> str:
    """A day."""
    return moment(at_ms).strftime("%Y-%m-%d")
