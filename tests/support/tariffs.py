"""Tariffs and metered sessions for tests, written shortly."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from consumers.billing.tariffs.metering import MeteredSession, Point, Reservation
from consumers.billing.tariffs.model import Tariff
from contract.cdrs import Price

OWNER = {"country_code": "DE", "party_id": "ALL", "last_updated": "2025-01-01T00:00:00Z"}


def component(kind: str, price: str, *, vat: str | None = None, step: int = 1) -> dict[str, Any]:
    said = {"type": kind, "price": price, "step_size": step}
    return said if vat is None else {**said, "vat": vat}


def element(*components: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"price_components": components}
    return {**said, "restrictions": restrictions} if restrictions else said


def tariff(*elements: dict[str, Any], tariff_id: str = "T", currency: str = "EUR", **more: Any) -> Tariff:
    said = {**OWNER, "id": tariff_id, "currency": currency, "elements": elements, **more}
    return msgspec.convert(said, Tariff, strict=False)


def euros(excl_vat: str, incl_vat: str | None = None) -> Price:
    return Price(excl_vat=Decimal(excl_vat), incl_vat=None if incl_vat is None else Decimal(incl_vat))


def moment(text: str) -> datetime:
    """A time in UTC, written without its zone."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def session(
    start: str,
    *legs: tuple[float, float] | tuple[float, float, bool],
    time_zone: str = "UTC",
    amperes: int | None = None,
    reserved: tuple[float, bool] | None = None,
) -> MeteredSession:
    """One leg after the other: minutes, kWh, and whether it charged (else it parked), each with a reading at its end.

    `reserved` is for how many minutes before, and whether it expired.
    """
    at, energy = moment(start), Decimal(0)
    current = None if amperes is None else Decimal(amperes)
    points = [Point(at=at, energy_wh=energy, current_amperes=current)]
    for minutes, kwh, *charging in legs:
        points.append(Point(at=at, is_charging=charging[0] if charging else True))
        at += timedelta(minutes=minutes)
        energy += Decimal(str(kwh)) * 1000
        points.append(Point(at=at, energy_wh=energy))
    reservation = None
    if reserved:
        reservation = Reservation(made_at=moment(start) - timedelta(minutes=reserved[0]), expired=reserved[1])
    return MeteredSession(
        started_at=moment(start),
        ended_at=at,
        time_zone=time_zone,
        points=tuple(points),
        reservation=reservation,
    )


def with_points(one: MeteredSession, points: Sequence[Point]) -> MeteredSession:
    return msgspec.structs.replace(one, points=tuple(points))
