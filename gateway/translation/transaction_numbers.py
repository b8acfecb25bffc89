"""Transaction numbers of OCPP 1.6, given out without a database; and the ids that all versions share.

In 1.6 the central system numbers the transactions, and a repeated StartTransaction must get the same
number, from whichever pod, also after a restart. So the number is computed (reference §5.3):

    bit 30 = 1 | 3 bits connector (1-7) | 27 bits seconds since 2020-01-01 UTC, modulo 2^27 (1553 days)

From it connector and start time can be read again, which a StopTransaction does not say. Where the
connector does not fit or the clock is wrong, bit 30 is 0 and the others are a hash. It is never 0 and
never negative: stations use 0 and -1 for "none" (reference §4, quirk 6).
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from contract.model import Station
from gateway.translation.ids import SEPARATOR
from gateway.translation.moments import CLOCK_TOLERANCE

LARGEST_NUMBER = 2**31 - 1
"""What stations hold; what is larger is not of ours (Alfen sends 2^63 - 1, quirk 8)."""

_CODED = 1 << 30
_SECONDS_BITS = 27
_PERIOD_SECONDS = 1 << _SECONDS_BITS
_LARGEST_CONNECTOR = 7
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_EPOCH_UNIX_SECONDS = int(_EPOCH.timestamp())
_LONGEST_OFFLINE = timedelta(days=400)
_FARTHEST_AHEAD = timedelta(days=2)
_SECOND = timedelta(seconds=1)
_TOLERANCE_SECONDS = CLOCK_TOLERANCE // _SECOND
_LONGEST_TRANSACTION_SECONDS = 401 * 86_400


class Start(NamedTuple):
    """What of a StartTransaction makes the transaction; a retry has all of it again, and another message id."""

    connector: int | None
    at: datetime | None
    at_written: str | None
    meter: str
    id_tag: str
    message_id: str


class Origin(NamedTuple):
    """What a time-coded number tells of its transaction's start."""

    connector: int
    started_at: datetime


def number_for(station: Station, start: Start, received_at: datetime) -> int:
    """The number of the transaction that starts so: from 1 to 2^31 - 1."""
    if (
        start.connector is not None
        and start.at is not None
        and 1 <= start.connector <= _LARGEST_CONNECTOR
        and received_at - _LONGEST_OFFLINE <= start.at <= received_at + _FARTHEST_AHEAD
    ):
        return _CODED | start.connector << _SECONDS_BITS | _seconds(start.at) % _PERIOD_SECONDS
    return _hashed(station, start)


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _SECOND


def _hashed(station: Station, start: Start) -> int:
    """The message id is part of it only where nothing else tells two starts apart: a retry changes it."""
    parts = (
        station.tenant or "",
        station.id,
        str(start.connector),
        start.at_written or start.message_id,
        start.meter,
        start.id_tag.strip().casefold(),
    )
    digest = blake2b(SEPARATOR.join(parts).encode(), digest_size=4).digest()
    return int.from_bytes(digest) % _CODED or 1


def is_coded(number: int) -> bool:
    """Whether a number claims to tell connector and time; one of another system may do so by chance."""
    return _CODED <= number <= LARGEST_NUMBER


def origin_of(number: int, happened_at: datetime) -> Origin | None:
    """Connector and start of the transaction that a later message names; None where they cannot be ours.

    Of all the starts that the number may mean, it is the last before the message. One that is longer
    ago than any transaction lasts is no start of ours; so a start after the message is none either.
    """
    connector = number >> _SECONDS_BITS & _LARGEST_CONNECTOR
    if not is_coded(number) or not connector:
        return None
    latest = _seconds(happened_at) + _TOLERANCE_SECONDS
    age = (latest - number) % _PERIOD_SECONDS
    if age > _LONGEST_TRANSACTION_SECONDS:
        return None
    return Origin(connector, datetime.fromtimestamp(_EPOCH_UNIX_SECONDS + latest - age, UTC))


def canonical_id(station: Station, number: int) -> str:
    """The number as a UUID of version 8 (RFC 9562): 12 bytes of the station, 4 of the number."""
    return f"{_prefix(station.tenant, station.id)}{number:08x}"


def number_of(station: Station, transaction_id: str) -> int | None:
    """The number again; None for the id of another station's transaction, or of no 1.6 transaction."""
    prefix, digits = transaction_id[:-8].lower(), transaction_id[-8:]
    if prefix != _prefix(station.tenant, station.id):
        return None
    try:
        number = int(digits, 16)
    except ValueError:
        return None
    return number if f"{number:08x}" == digits.lower() and 0 < number <= LARGEST_NUMBER else None


@lru_cache(maxsize=8192)
def _prefix(tenant: str | None, station: str) -> str:
    name = SEPARATOR.join((tenant or "", station)).encode()
    octets = bytearray(blake2b(name, digest_size=12).digest())
    octets[6] = 0x80 | octets[6] & 0x0F  # version 8: octets of the application's own making
    octets[8] = 0x80 | octets[8] & 0x3F  # the variant of RFC 9562
    text = octets.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
