"""Transaction numbers of OCPP 1.6, given out without a database; and the ids that all versions share.

In 1.6 the central system numbers the transactions. A repeated StartTransaction must get the same number, from
every pod, also after a restart, and another start another number. So the number is computed from all that a
repetition repeats (ADR 10):

    bit 30 = 0 | 3 bits connector (1-7) | 15 bits slot of 256 s since 2020-01-01 UTC | 12 bits content

The content is a hash of meterStart, idTag and reservationId, to which the second within the slot is added.
A later message names only the number: connector and slot can be read back from it. Where the connector does
not fit or the clock is wrong, the number is a hash of 28 bits: connector field 0, with bit 30 as one of them.
Numbers of earlier releases had bit 30 set, the connector and 27 bits of seconds: they are still read. A number
is never 0 and never negative: stations use 0 and -1 for "none" (reference §4, quirk 6).
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from contract.model import Station
from gateway.translation.ids import SEPARATOR
from gateway.translation.moments import CLOCK_TOLERANCE

LARGEST_NUMBER = 2**31 - 1
"""The largest number that stations hold; a larger one is not of ours (Alfen sends 2^63 - 1, quirk 8)."""

SLOT_SECONDS = 256
"""The start that is read back from a number is less than so much later than the true one, and never earlier."""

CONTENT_BITS = 12
"""Two starts of one connector in one slot with different content get one number with a probability of 1 in 2^12."""

LONGEST_TRANSACTION = timedelta(days=60)
"""The start of a longer transaction cannot be read back from its number; its id stays the same."""

_SECONDS_BITS = 27
_BLOCK = 1 << _SECONDS_BITS
_SLOTS = 1 << (_SECONDS_BITS - CONTENT_BITS)
_PERIOD_SECONDS = _SLOTS * SLOT_SECONDS  # 97 days
_LARGEST_CONNECTOR = 7
_EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
_EPOCH_UNIX_SECONDS = int(_EPOCH.timestamp())
_LONGEST_OFFLINE = timedelta(days=400)
_FARTHEST_AHEAD = timedelta(days=2)
_SECOND = timedelta(seconds=1)
_HOUR_SECONDS = 3600
_TOLERANCE_SECONDS = CLOCK_TOLERANCE // _SECOND

_LONGEST_SECONDS = LONGEST_TRANSACTION // _SECOND + _TOLERANCE_SECONDS + SLOT_SECONDS

_EARLIER_FORMAT = 1 << 30
_EARLIER_PERIOD_SECONDS = _BLOCK
_EARLIER_LONGEST_SECONDS = 401 * 86_400


class Start(NamedTuple):
    """The parts of a StartTransaction that make the transaction; a retry repeats all but the message id.

    `at` is None where the station's clock is unset (1970, 0001) or the timestamp is missing. `has_register`
    is false where meterStart is 0 or missing, so that it does not grow from one session to the next.
    """

    connector: int | None
    at: datetime | None
    at_written: str | None
    meter: str
    id_tag: str
    message_id: str
    reservation: str = ""
    has_register: bool = True


class Origin(NamedTuple):
    """The start of a transaction as its number tells it.

    `started_at` is the last second of the slot, or the message that names the number where that is earlier: so
    a reader that takes the least of all that it is told ends with the true start as soon as it hears it.
    """

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
        slot, second = divmod(_seconds(start.at), SLOT_SECONDS)
        content = (_digest(*_content(start)) + second) % (1 << CONTENT_BITS)
        return start.connector << _SECONDS_BITS | slot % _SLOTS << CONTENT_BITS | content
    return _hashed(station, start, received_at)


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _SECOND


def _content(start: Start) -> tuple[str, str, str]:
    return start.meter, start.id_tag.strip().casefold(), start.reservation


def _hashed(station: Station, start: Start, received_at: datetime) -> int:
    """The message id counts only where the station gives no time: a retry changes it."""
    at = start.at_written or start.message_id
    if start.at is not None:
        at = str(_seconds(start.at))
    elif start.at_written is not None and not start.has_register:
        # The driver's next session would say the same again: only the time of receipt tells it from a retry.
        at += SEPARATOR + str(_seconds(received_at) // _HOUR_SECONDS)
    digest = _digest(station.tenant or "", station.id, str(start.connector), at, *_content(start))
    low = digest % _BLOCK
    return (_EARLIER_FORMAT | low) if digest & _BLOCK else low or 1


def _digest(*parts: str) -> int:
    return int.from_bytes(blake2b(SEPARATOR.join(parts).encode(), digest_size=4).digest())


def is_coded(number: int) -> bool:
    """Whether a number claims to tell connector and time; one of another system may do so by chance."""
    return 0 < number <= LARGEST_NUMBER and number >> _SECONDS_BITS & _LARGEST_CONNECTOR > 0


def origin_of(number: int, happened_at: datetime) -> Origin | None:
    """Connector and start of the transaction that a later message names; None where they cannot be ours.

    Of all the starts that the number may mean, it is the last before the message. One that is longer
    ago than any transaction lasts is no start of ours; so a start after the message is none either.
    """
    if not is_coded(number):
        return None
    connector = number >> _SECONDS_BITS & _LARGEST_CONNECTOR
    now = _seconds(happened_at)
    latest = now + _TOLERANCE_SECONDS
    if number & _EARLIER_FORMAT:
        age = (latest - number) % _EARLIER_PERIOD_SECONDS
        if age > _EARLIER_LONGEST_SECONDS:
            return None
        return Origin(connector, _moment(latest - age))
    age = (latest - (number >> CONTENT_BITS) % _SLOTS * SLOT_SECONDS) % _PERIOD_SECONDS
    if age > _LONGEST_SECONDS:
        return None
    slot_began = latest - age
    return Origin(connector, _moment(max(slot_began, min(slot_began + SLOT_SECONDS - 1, now))))


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(_EPOCH_UNIX_SECONDS + seconds, UTC)


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
