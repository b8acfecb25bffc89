"""Named characters of stations: the well-behaved one, and the quirks that real makers ship.

A quirk in *what is said* is a distortion of the finished payload (`distortions.py`); a quirk in *how a
station behaves* is a field here that the module concerned asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from simulator import distortions
from simulator.facts import Version

if TYPE_CHECKING:
    from simulator.distortions import Distortion

ALL_VERSIONS = frozenset(Version)
ONLY_16 = frozenset({Version.V16})
ONLY_2X = ALL_VERSIONS - ONLY_16


class Offer(Enum):
    """The subprotocols that a station names in its handshake."""

    OWN = auto()
    NONE = auto()
    SEVERAL = auto()


class Boots(Enum):
    """When a station sends BootNotification. The standards want it after each start of the station only."""

    AFTER_START = auto()
    ON_EVERY_CONNECT = auto()
    NEVER = auto()


class RetryId(Enum):
    """The message id of a repeated CALL: 1.6J wants a new one (§4.1.4), 2.x allows the same."""

    AS_STANDARD = auto()
    NEW = auto()
    SAME = auto()


class MessageIds(Enum):
    """How a station makes up message ids. A counter starts again at each connection, as many do."""

    UUID = auto()
    COUNTER = auto()
    NUMBER = auto()
    LONG = auto()


@dataclass(frozen=True, slots=True)
class Profile:
    """One character. The defaults are the well-behaved station."""

    name: str
    about: str
    versions: frozenset[Version] = ALL_VERSIONS
    distort: Distortion | None = None
    offers: Offer = Offer.OWN
    boots: Boots = Boots.AFTER_START
    retry_id: RetryId = RetryId.AS_STANDARD
    message_ids: MessageIds = MessageIds.UUID
    late_meter_values: bool = False
    never_stops: bool = False
    starts_twice: bool = False
    silent_status: bool = False
    sends_broken_frames: bool = False
    core_only: bool = False
    sends_vendor_data: bool = False
    repeats_begin: bool = False
    samples_from_zero: bool = False


WELL_BEHAVED = Profile("well-behaved", "as the standards say")

QUIRKY = (
    Profile("naive-time", "timestamps without a zone", distort=distortions.naive_time),
    Profile("short-offset", "timestamps with +02 for a zone", distort=distortions.short_offset),
    Profile("bogus-clock", "the clock stands in 1970", distort=distortions.bogus_clock),
    Profile("no-timestamp", "StartTransaction without a timestamp", ONLY_16, distortions.no_start_timestamp),
    Profile(
        "swapped-types",
        "numbers where strings belong, and strings for numbers",
        distort=distortions.swapped_types,
    ),
    Profile("kwh", "energy in kWh, power in kW", distort=distortions.kilo_units),
    Profile("no-units", "meter values without units", distort=distortions.no_units),
    Profile("odd-units", "unit names outside the standard", ONLY_16, distortions.odd_units),
    Profile("mislabelled-kwh", "registers in kWh that say Wh", ONLY_16, distortions.mislabelled_kwh),
    Profile(
        "neutral-register", "the only register carries the phase N", distort=distortions.neutral_register
    ),
    Profile("phase-registers", "a register of each phase only", distort=distortions.phase_registers),
    Profile(
        "phase-to-neutral-registers",
        "a register of each phase only, written L1-N",
        distort=distortions.phase_to_neutral_registers,
    ),
    Profile("repeats-begin", "Transaction.Begin beside each periodic sample", ONLY_16, repeats_begin=True),
    Profile(
        "session-samples",
        "samples count from 0 in each session, start and stop the lifetime",
        ONLY_16,
        samples_from_zero=True,
    ),
    Profile("unchanging-start", "each transaction starts in 1970", ONLY_16, distortions.unchanging_start),
    Profile("local-time", "Berlin's wall clock without a zone", distort=distortions.local_time),
    Profile("single-object", "an object where a list belongs", ONLY_16, distortions.single_object),
    Profile("zero-transaction", "meter values for transaction 0", ONLY_16, distortions.zero_transaction),
    Profile("stops-zero", "stops transaction 0", ONLY_16, distortions.stops_zero),
    Profile("stops-minus-one", "stops transaction -1", ONLY_16, distortions.stops_minus_one),
    Profile("null-transaction", "stops transaction null", ONLY_16, distortions.null_transaction),
    Profile("empty-token", "an empty idTag at the stop", ONLY_16, distortions.empty_token),
    Profile("fractional-meter", "a fraction of a Wh at the stop", ONLY_16, distortions.fractional_meter),
    Profile("long-strings", "serial numbers longer than allowed", distort=distortions.long_strings),
    Profile("odd-enums", "enum values in the wrong case, or unknown", distort=distortions.odd_enums),
    Profile("extra-fields", "fields that no schema knows", distort=distortions.extra_fields),
    Profile("missing-evse", "transaction events without the EVSE", ONLY_2X, distortions.missing_evse),
    Profile("new-id-retries", "each retry has a new message id", retry_id=RetryId.NEW),
    Profile("same-id-retries", "each retry repeats the message id", retry_id=RetryId.SAME),
    Profile("counter-ids", "message ids count from 1 on each connection", message_ids=MessageIds.COUNTER),
    Profile("number-ids", "message ids are JSON numbers", message_ids=MessageIds.NUMBER),
    Profile("long-ids", "message ids of 64 characters", message_ids=MessageIds.LONG),
    Profile("no-subprotocol", "offers no subprotocol", ONLY_16, offers=Offer.NONE),
    Profile("many-subprotocols", "offers unknown and older subprotocols too", offers=Offer.SEVERAL),
    Profile("boots-on-connect", "boots again on every connection", boots=Boots.ON_EVERY_CONNECT),
    Profile("never-boots", "sends no BootNotification at all", boots=Boots.NEVER),
    Profile("late-meter", "closing meter values after the stop", ONLY_16, late_meter_values=True),
    Profile("never-stops", "does not tell when a transaction ends", ONLY_16, never_stops=True),
    Profile("double-start", "tells every start twice", ONLY_16, starts_twice=True),
    Profile("silent-status", "never reports its connectors", silent_status=True),
    Profile("broken-frames", "a frame that is no JSON now and then", sends_broken_frames=True),
    Profile("vendor-data", "a DataTransfer of its maker after each start", sends_vendor_data=True),
    Profile("core-only", "knows no security extension", ONLY_16, core_only=True),
)

PROFILES = {profile.name: profile for profile in (WELL_BEHAVED, *QUIRKY)}


def named(names: str) -> tuple[Profile, ...]:
    """The profiles of a comma-separated list; `all` stands for each of them.

    Raises:
        ValueError: a name is unknown.
    """
    if names == "all":
        return tuple(PROFILES.values())
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    if unknown := [name for name in wanted if name not in PROFILES]:
        raise ValueError(f"unknown profile {', '.join(unknown)}; known: {', '.join(PROFILES)}")
    return tuple(PROFILES[name] for name in wanted) or (WELL_BEHAVED,)
