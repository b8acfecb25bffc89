"""From a session and its tariff to the charge detail record, and from a record to the one that credits it."""

from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from msgspec.structs import asdict, replace

from consumers.billing.places import location, time_zone
from consumers.billing.sessions.assembly import Session
from consumers.billing.signatures import signed_data, signed_readings
from consumers.billing.tariffs.costs import PricedSession
from consumers.billing.tariffs.metering import MeteredSession
from consumers.billing.tariffs.model import PriceComponent, Tariff, TariffElement
from consumers.billing.tariffs.pricing import price
from consumers.billing.texts import Fitting
from contract.cdrs import (
    Cdr,
    CdrCredited,
    CdrFact,
    CdrIssued,
    CdrToken,
    Dimension,
    Period,
    record_id,
    verbatim,
)
from contract.registry import RegisteredStation

TOKEN_TYPES: dict[str, Literal["AD_HOC_USER", "APP_USER", "OTHER", "RFID"]] = {
    "Central": "APP_USER",
    "DirectPayment": "AD_HOC_USER",
    "ISO14443": "RFID",
    "ISO15693": "RFID",
    "NoAuthorization": "AD_HOC_USER",
}
"""OCPI's types of 2.x's; all others are OTHER."""

SESSION_ID_LENGTH = 36

_FREE = TariffElement(price_components=(PriceComponent(type="FLAT", price=Decimal(), step_size=0),))


class Owner(NamedTuple):
    """Whose records they are, where the registry does not say it of a station, and in which currency where no tariff does."""

    country_code: str
    party_id: str
    country: str
    currency: str


def issued(
    session: Session,
    station: str,
    registered: RegisteredStation | None,
    tariff: Tariff | None,
    owner: Owner,
    *,
    revision: int,
    at: datetime,
) -> CdrIssued:
    """The record of a session, by this tariff; without one it costs nothing."""
    facts, fitting = session.facts, Fitting()
    known = registered or RegisteredStation()
    country_code = fitting.name(known.country_code or owner.country_code, 2)
    party_id = fitting.name(known.party_id or owner.party_id, 3)
    bearer = facts.bearer
    uid = fitting.name(bearer.value if bearer else None, 36)
    cdr = Cdr(
        country_code=country_code,
        party_id=party_id,
        id=record_id(station, session.session, revision),
        start_date_time=session.metered.started_at,
        end_date_time=session.metered.ended_at,
        session_id=_session_id(station, session.session),
        cdr_token=CdrToken(
            country_code=country_code,
            party_id=party_id,
            uid=uid,
            type=TOKEN_TYPES.get(bearer.type, "OTHER") if bearer else "OTHER",
            contract_id=uid,
        ),
        auth_method="COMMAND"
        if facts.remote_start_id is not None
        else "WHITELIST"
        if facts.was_offline
        else "AUTH_REQUEST",
        cdr_location=location(station, facts, registered, owner.country, fitting),
        tariffs=() if tariff is None else (verbatim(tariff),),
        signed_data=signed_data(facts),
        remark=f"stopped: {session.stop_reason}" if session.stop_reason else None,
        last_updated=at,
        **_priced(session.metered, tariff, owner),
    )
    flags = {*session.flags, *(("tariff_missing",) if tariff is None else ())}
    flags |= {"text_cut"} if fitting.is_cut else set()
    flags |= {"location_unknown"} if not known.address else set()
    flags |= {"time_zone_unknown"} if known.time_zone and time_zone(known) is None else set()
    return CdrIssued(
        station=station,
        transaction_id=session.session,
        revision=revision,
        flags=tuple(sorted(flags)),
        energy_wh=session.energy_wh,
        metered=verbatim(session.metered),
        signed_readings=signed_readings(facts),
        cdr=cdr,
    )


def credited(record: CdrFact, at: datetime, because: tuple[str, ...]) -> CdrCredited:
    """All of the record again, its total the other way round (mod_cdrs §10.1.1.1)."""
    cost = record.cdr.total_cost
    cdr = replace(
        record.cdr,
        id=record_id(record.station, record.transaction_id, record.revision, is_credit=True),
        credit=True,
        credit_reference_id=record.cdr.id,
        total_cost=replace(
            cost, excl_vat=-cost.excl_vat, incl_vat=None if cost.incl_vat is None else -cost.incl_vat
        ),
        last_updated=at,
    )
    same = {name: getattr(record, name) for name in CdrFact.__struct_fields__ if name != "cdr"}
    return CdrCredited(**same, cdr=cdr, because=because)


def differences(before: CdrIssued, after: CdrIssued) -> tuple[str, ...]:
    """The members that two records of a session have otherwise; those that differ with each record do not count."""
    alike = {"id": "", "last_updated": after.cdr.last_updated}
    pairs = (
        (replace(before, revision=1), replace(after, revision=1)),
        (replace(before.cdr, **alike), replace(after.cdr, **alike)),
    )
    return tuple(
        name
        for one, other in pairs
        for name in one.__struct_fields__
        if name != "cdr" and getattr(one, name) != getattr(other, name)
    )


def priced(metered: MeteredSession, tariff: Tariff | None, currency: str, at: datetime) -> PricedSession:
    """The price, also where no tariff is."""
    free = Tariff(
        country_code="ZZ", party_id="ZZZ", id="-", currency=currency, elements=(_FREE,), last_updated=at
    )
    return price(metered, tariff or free)


def _priced(metered: MeteredSession, tariff: Tariff | None, owner: Owner) -> dict[str, Any]:
    """The members of the record that pricing knows. Without a tariff no period has one, and nothing is a cost."""
    made = priced(metered, tariff, owner.currency, metered.started_at)
    known: dict[str, Any] = asdict(made)
    periods = made.charging_periods
    if tariff is None:
        periods = tuple(replace(period, tariff_id=None) for period in periods)
        known = {name: value for name, value in known.items() if name == "total_cost" or "_cost" not in name}
    if not periods:  # it began and ended in one moment
        nothing = (Dimension(type="ENERGY", volume=made.total_energy),)
        periods = (Period(start_date_time=metered.started_at, dimensions=nothing),)
    return {**known, "charging_periods": periods}


def _session_id(station: str, session: str) -> str:
    fits = len(session) <= SESSION_ID_LENGTH and session.isascii() and session.isprintable()
    return session if fits else record_id(station, session, 0)
