"""What we publish of charge detail records: a schema of each fact, its channel, and a page."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec

from contract.cdrs import (
    CDR_EVENTS,
    FOLDER,
    TYPE_PREFIX,
    Cdr,
    CdrCredited,
    CdrFact,
    CdrIssued,
    CdrLocation,
    CdrToken,
    Dimension,
    GeoLocation,
    Period,
    Price,
    encode,
)
from contract.overview import fields, value_section
from contract.published import Json, description_of, document_of
from contract.topics import CDRS, Topic

_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
_TARIFF: Json = {
    "country_code": "DE",
    "party_id": "ABC",
    "id": "standard",
    "currency": "EUR",
    "elements": [{"price_components": [{"type": "ENERGY", "price": 0.4, "vat": 19, "step_size": 1}]}],
    "last_updated": "2026-01-01T00:00:00Z",
}
_CDR = Cdr(
    country_code="DE",
    party_id="ABC",
    id="1c5a8b4b0f0e4d7a9f3c6d2e8b7a9041",
    start_date_time=_AT,
    end_date_time=_AT.replace(hour=13),
    session_id="0192b5a0-7f3e-8c4d-9a1b-5e6f7a8b9c0d",
    cdr_token=CdrToken(
        country_code="DE", party_id="ABC", uid="04A2B3C4D5E6F7", type="RFID", contract_id="04A2B3C4D5E6F7"
    ),
    auth_method="AUTH_REQUEST",
    cdr_location=CdrLocation(
        id="KIEL-1",
        address="Am Kai 1",
        city="Kiel",
        country="DEU",
        coordinates=GeoLocation(latitude="54.32330", longitude="10.12280"),
        evse_uid="DE*ABC*E0042*1",
        evse_id="DE*ABC*E0042*1",
        connector_id="1",
        connector_standard="IEC_62196_T2",
        connector_format="SOCKET",
        connector_power_type="AC_3_PHASE",
    ),
    currency="EUR",
    tariffs=(_TARIFF,),
    charging_periods=(
        Period(
            start_date_time=_AT,
            dimensions=(
                Dimension(type="ENERGY", volume=Decimal(11)),
                Dimension(type="TIME", volume=Decimal(1)),
            ),
            tariff_id="standard",
        ),
    ),
    total_cost=Price(excl_vat=Decimal("4.40"), incl_vat=Decimal("5.24")),
    total_energy=Decimal(11),
    total_energy_cost=Price(excl_vat=Decimal("4.40"), incl_vat=Decimal("5.236")),
    total_time=Decimal(1),
    total_parking_time=Decimal(0),
    remark="stopped: Local",
    last_updated=_AT.replace(hour=13, minute=5),
)
_SHARED: dict[str, Any] = {
    "station": "DE*ABC*E0042",
    "transaction_id": "0192b5a0-7f3e-8c4d-9a1b-5e6f7a8b9c0d",
    "revision": 1,
    "flags": ("stop_register_missing",),
    "energy_wh": Decimal(11_000),
    "metered": {
        "startedAt": "2026-03-01T12:00:00Z",
        "endedAt": "2026-03-01T13:00:00Z",
        "timeZone": "Europe/Berlin",
        "points": [
            {"at": "2026-03-01T12:00:00Z", "energyWh": 0, "isCharging": True},
            {"at": "2026-03-01T13:00:00Z", "energyWh": 11_000},
        ],
    },
}
_CREDIT = msgspec.structs.replace(
    _CDR,
    id="77b0a1f3c2d94e5f8a6b1c0d9e8f7a60",
    credit=True,
    credit_reference_id=_CDR.id,
    total_cost=Price(excl_vat=Decimal("-4.40"), incl_vat=Decimal("-5.24")),
    last_updated=_AT.replace(hour=18),
)

EXAMPLES: dict[str, CdrFact] = {
    fact.NAME: fact
    for fact in (
        CdrIssued(**_SHARED, cdr=_CDR),
        CdrCredited(**_SHARED, cdr=_CREDIT, because=("energy_wh", "total_cost")),
    )
}
"""An example of each fact, by its name."""

_PAGE = f"""\
# Charge detail records

<!-- Written by `make docs` from the package `contract`; change that, not this. -->

What stands in `{CDRS.name}`, written by the consumer `billing`: [billing.md](../billing.md) says how sessions
become records, and lists the flags.

Every fact is a CloudEvent: `ce_type` says which it is, `ce_id` is the record's own id and the same however often it
is said. The record's key is the station's id, so a credit stands before the record that follows it.
"""


def schemas() -> dict[str, Json]:
    """The schema of each fact, by its name below those of the events."""
    return {
        f"{FOLDER}/{name}": document_of(f"{FOLDER}/{name}", fact, _example(name))
        for name, fact in CDR_EVENTS.items()
    }


def page() -> str:
    """The page in Markdown."""
    parts, values = [_PAGE], dict[str, Json]()
    for path, schema in schemas().items():
        name = path.removeprefix(f"{FOLDER}/")
        example = msgspec.json.format(msgspec.json.encode(schema["examples"][0]), indent=2).decode()
        parts += [f"## `{TYPE_PREFIX}{name}`\n", schema["description"] + "\n"]
        parts += [f"Schema: [{name}](schemas/{path}.json)\n", *fields(schema), f"```json\n{example}\n```\n"]
        values |= schema["$defs"]
    parts.append("## Values\n")
    return "\n".join(
        [*parts, *(line for name in sorted(values) for line in value_section(name, values[name]))]
    )


def messages() -> Json:
    """The messages of the AsyncAPI document, by their keys."""
    return {_key(name): _message(fact) for name, fact in CDR_EVENTS.items()}


def channels() -> dict[Topic, list[str]]:
    """Which messages stand in which topic."""
    return {CDRS: [_key(name) for name in CDR_EVENTS]}


def operations() -> Json:
    """What billing does with this topic."""
    return {
        f"publish.{CDRS.name}": {
            "action": "send",
            "channel": {"$ref": f"#/channels/{CDRS.name}"},
            "summary": "The consumer `billing` publishes the records of sessions, and credits those that no longer hold.",
        }
    }


def _example(name: str) -> Json:
    plain: Json = msgspec.json.decode(encode(EXAMPLES[name]))
    return plain


def _key(name: str) -> str:
    return f"{TYPE_PREFIX}{name}"


def _message(fact: type[CdrFact]) -> Json:
    key = "The station's id, as in `ce_subject`."
    return {
        "name": _key(fact.NAME),
        "title": fact.__name__,
        "summary": description_of(fact).split("\n\n", maxsplit=1)[0],
        "contentType": "application/json",
        "bindings": {"kafka": {"key": {"type": "string", "description": key}, "bindingVersion": "0.5.0"}},
        "payload": {"$ref": f"./schemas/{FOLDER}/{fact.NAME}.json"},
        "examples": [{"name": fact.NAME.replace(".", "_"), "payload": _example(fact.NAME)}],
    }
