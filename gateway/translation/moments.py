"""Points in time: what stations write, and what we write to them.

Reference §4, quirks 1-5: a time without a zone, with a short offset, from before the station's clock
was set, or none at all. The raw text is kept beside the result; nothing is shifted silently.
"""

from datetime import UTC, datetime, timedelta, tzinfo

EARLIEST_PLAUSIBLE = datetime(2010, 1, 1, tzinfo=UTC)
"""OCPP 1.5 is of 2012: a station that dates a fact before 2010 has not set its clock."""

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far a station's clock may be ahead of ours before we say so (as SteVe has it)."""

WIDEST_ZONE = timedelta(hours=14)
"""The zone that is farthest ahead of UTC (Kiritimati)."""


def parse(text: object, zone: tzinfo) -> tuple[datetime | None, str | None]:
    """The moment in UTC, or None where the text gives no usable one; and the quirk's code, if it is odd."""
    if text is None:
        return None, "ts_missing"
    try:
        moment = datetime.fromisoformat(text)  # type: ignore[arg-type]  # no str: TypeError
        quirk = None
        if moment.tzinfo is not UTC:
            moment, quirk = _to_utc(moment, zone, text)  # type: ignore[arg-type]
    except (ValueError, TypeError, OverflowError):
        stripped = text.strip().upper() if isinstance(text, str) else None
        return (None, "ts_bogus") if stripped == text or not stripped else parse(stripped, zone)
    if moment < EARLIEST_PLAUSIBLE:
        return None, "ts_bogus"
    return moment, quirk


def _to_utc(moment: datetime, zone: tzinfo, text: str) -> tuple[datetime, str | None]:
    if moment.tzinfo is None:
        return moment.replace(tzinfo=zone).astimezone(UTC), "ts_no_zone"
    return moment.astimezone(UTC), "ts_short_offset" if text[-3] in "+-" else None


def ahead(moment: datetime, received_at: datetime) -> str | None:
    """The quirk of a time that lies ahead of ours: local time that calls itself UTC, or a clock gone wrong."""
    early = moment - received_at
    if early <= CLOCK_TOLERANCE:
        return None
    return "ts_wrong_zone" if early <= WIDEST_ZONE + CLOCK_TOLERANCE else "ts_future"


def written(moment: datetime) -> str:
    """As stations read it: `YYYY-MM-DDTHH:MM:SS.mmmZ`, never `+00:00` (some refuse it)."""
    return moment.isoformat(timespec="milliseconds")[:23] + "Z"
