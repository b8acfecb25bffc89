"""A fleet as the monitoring would know it: made of a seed, in the structs of its API. The page's tests look at it."""

import random
from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec

from consumers.monitoring.api import answers as fleet
from consumers.monitoring.api.asked import STATUSES

VENDORS: Final = (
    ("Alfa", "Alfa 22", ("1.4.2", "1.4.0"), "1.6", 22_000),
    ("Bravo", "Bravo DC-150", ("7.0.0", "6.8.3"), "2.0.1", 150_000),
    ("Charlie", "Duo 11", ("2.11.9",), "1.6", 11_000),
    ("Delta", "HPC 400", ("0.9.1-rc2", "1.0.0"), "2.1", 400_000),
)
SITES: Final = ("Harbour", "Station Road", "Airport P4", "Old Mill", "North Ring", "Depot East", "")
STREETS: Final = ("Quay", "Gate", "Row", "Bay", "Dock")

_DETAILS = {
    "Occupied": ("Charging", "Charging", "Charging", "SuspendedEV", "Preparing", "Finishing"),
    "Faulted": (None,),
}
_FAULTS = (
    "GroundFailure",
    "ConnectorLockFailure",
    "HighTemperature",
    "PowerMeterFailure",
    "EVCommunicationError",
)


def make_fleet(stations: int, now: datetime, seed: int = 7) -> list[fleet.StationSummary]:
    """So many stations, sorted by id: most of them well, some of them not."""
    chance = random.Random(seed)
    made = [_station(number, now, chance) for number in range(1, stations + 1)]
    return sorted(made, key=lambda station: station.id)


def _station(number: int, now: datetime, chance: random.Random) -> fleet.StationSummary:
    vendor, model, firmwares, version, power = chance.choices(VENDORS, (55, 25, 14, 6))[0]
    site = chance.choices(SITES, (30, 22, 18, 12, 8, 6, 4))[0]
    is_connected = chance.random() < 0.965
    connectors, sessions = [], []
    for evse in range(1, chance.choice((1, 2, 2, 4)) + 1):
        status = chance.choices(
            ("Available", "Occupied", "Reserved", "Unavailable", "Faulted", "Unknown"),
            (60, 33, 1, 3, 1.2, 0.6),
        )[0]
        detail = chance.choice(_DETAILS.get(status, (None,))) if version == "1.6" else None
        fault = chance.choice(_FAULTS) if status == "Faulted" else None
        connectors.append(
            fleet.ConnectorSummary(evse=evse, connector=1, status=status, detail=detail, fault=fault)
        )
        if status == "Occupied" and detail not in ("Preparing", "Finishing"):
            is_idle = detail == "SuspendedEV" or chance.random() < 0.04
            minutes = chance.randint(3, 600 if is_idle else 90)
            taken = 0 if is_idle else int(power * chance.uniform(0.35, 0.98))
            sessions.append(
                fleet.SessionSummary(
                    evse=evse,
                    started_at=now - timedelta(minutes=minutes),
                    transaction_id=f"{chance.getrandbits(32):08x}-{number:05d}",
                    power_w=taken,
                    energy_wh=int(power * 0.6 * min(minutes, 70) / 60),
                    soc_percent=float(min(99, 20 + minutes)) if power > 50_000 else None,
                )
            )
    lost = timedelta(minutes=chance.choice((2, 9, 34, 190, 820, 4_300)) * chance.uniform(0.6, 1.4))
    seen = timedelta(seconds=chance.uniform(1, 280)) if is_connected else lost
    since = timedelta(hours=chance.uniform(0.2, 400)) if is_connected else lost
    return fleet.StationSummary(
        id=f"{'DE*ABC*E' if version != '1.6' else 'CP-'}{number:05d}",
        connected=is_connected,
        status=min((one.status for one in connectors), key=STATUSES.index),
        name=f"{site or 'Yard'} {chance.choice(STREETS)} {number % 97 + 1}"
        if chance.random() < 0.8
        else None,
        site=site or None,
        vendor=vendor,
        model=model,
        firmware=chance.choice(firmwares),
        version=version,
        since=now - since,
        seen_at=now - seen,
        connectors=tuple(connectors),
        sessions=tuple(sessions) if is_connected else (),
        power_w=sum(one.power_w or 0 for one in sessions) if is_connected else 0,
    )


def overview_of(
    stations: Iterable[fleet.StationSummary], now: datetime, position: str
) -> fleet.FleetOverview:
    """The overview that is true of these stations."""
    known = list(stations)
    connected = sum(station.connected for station in known)
    counted = Counter(connector.status for station in known for connector in station.connectors)
    sessions = sum(len(station.sessions) for station in known)
    facts = ("status", "version", "vendor", "model", "firmware", "site")
    return fleet.FleetOverview(
        at=now,
        position=position,
        stations=fleet.StationTotals(
            known=len(known), connected=connected, disconnected=len(known) - connected
        ),
        connectors={status: counted[status] for status in STATUSES},
        sessions=sessions,
        power_w=sum(station.power_w for station in known),
        facets=fleet.Facets(**{fact: _facet(known, fact) for fact in facts}),
        last_day=fleet.LastDay(
            energy_wh=sessions * 41_000,
            sessions_started=sessions * 5,
            sessions_ended=sessions * 5 - 7,
            availability=0.9731 if known else None,
            utilisation=0.2914 if known else None,
        ),
    )


def _facet(stations: list[fleet.StationSummary], fact: str, largest: int = 8) -> fleet.Facet:
    counted = Counter(getattr(station, fact) or "" for station in stations).most_common()
    return fleet.Facet(
        values=tuple(fleet.FacetCount(value=value, stations=number) for value, number in counted[:largest]),
        others=sum(number for _, number in counted[largest:]),
    )


def one_station(station: str, now: datetime, **changes: object) -> fleet.StationSummary:
    """A healthy station with this id, for tests that need a certain one."""
    made = fleet.StationSummary(
        id=station,
        connected=True,
        status="Available",
        vendor="Alfa",
        model="Alfa 22",
        firmware="1.4.2",
        version="1.6",
        since=now - timedelta(hours=5),
        seen_at=now - timedelta(seconds=20),
        connectors=(
            fleet.ConnectorSummary(evse=1, connector=1, status="Available"),
            fleet.ConnectorSummary(evse=2, connector=1, status="Available"),
        ),
    )
    return msgspec.structs.replace(made, **changes)
