"""The words of the port: what they hold, whoever wrote the record."""

from datetime import UTC, datetime

import pytest

from eventlog.port import Place, Record, Stored


@pytest.mark.parametrize(
    ("appended_ms", "moment"),
    [
        (1_800_000_000_123, datetime(2027, 1, 15, 8, 0, 0, 123_000, UTC)),
        (-1, datetime(1970, 1, 1, tzinfo=UTC)),
        (-(2**63), datetime(1970, 1, 1, tzinfo=UTC)),
        (2**63 - 1, datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_whatever_the_writers_clock_said_there_is_a_moment(appended_ms: int, moment: datetime) -> None:
    stored = Stored(Record("topic", "key", b""), Place("topic", 0, 0), appended_ms)
    assert stored.appended_at == moment
