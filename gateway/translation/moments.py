"""Points in time: what stations write, and what we write to them.

Reference §4, quirks 1-5: a time without a zone, with a short offset, from before the station's clock
was set, or none at all. The raw text is kept beside the result; nothing is shifted silently.
"""

from datetime import UTC, datetime, tzinfo

EARLIEST_PLAUSIBLE = datetime(2010, 1, 1, tzinfo=UTC)
"""OCPP 1.5 is of 2012: a station that dates a fact before 2010 has not set its clock."""


def parse(text: object, zone: tzinfo) -> tuple[datetime | None, str | None]:
    """The moment in UTC, or None where the text gives no usable one; and the quirk's code, if it is odd."""
    if text is None:
        return None, "ts_missing"
    try:
        moment = datetime.fromisoformat(text.strip())  # type: ignore[attr-defined]  # no str: AttributeError
        quirk = None
        if moment.tzinfo is None:
            moment, quirk = moment.replace(tzinfo=zone), "ts_no_zone"
        moment = moment.astimezone(UTC)
    except (ValueError, AttributeError, OverflowError):
        return None, "ts_bogus"
    if moment < EARLIEST_PLAUSIBLE:
        return None, "ts_bogus"
    return moment, quirk


def written(moment: datetime) -> str:
    """As stations read it: `YYYY-MM-DDTHH:MM:SS.mmmZ`, never `+00:00` (some refuse it)."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"
