"""The CDR of OCPI 2.2.1 as a JSON Schema, written from the specification (mod_cdrs §10.3.1, §10.4; types §16)."""

from typing import Any

import jsonschema

DATE_TIME = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$"}
NUMBER = {"type": "number"}


def ci_string(length: int) -> dict[str, Any]:
    return {"type": "string", "minLength": 1, "maxLength": length, "pattern": "^[ -~]*$"}


def string(length: int) -> dict[str, Any]:
    return {"type": "string", "maxLength": length}


def closed(optional: dict[str, Any], **required: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


PRICE = closed({"incl_vat": NUMBER}, excl_vat=NUMBER)
DIMENSION = closed(
    {},
    type={
        "enum": [
            *(
                "CURRENT",
                "ENERGY",
                "ENERGY_EXPORT",
                "ENERGY_IMPORT",
                "MAX_CURRENT",
                "MIN_CURRENT",
                "MAX_POWER",
            ),
            *("MIN_POWER", "PARKING_TIME", "POWER", "RESERVATION_TIME", "STATE_OF_CHARGE", "TIME"),
        ]
    },
    volume=NUMBER,
)
CDR = closed(
    {
        "session_id": ci_string(36),
        "authorization_reference": ci_string(36),
        "meter_id": string(255),
        "tariffs": {
            "type": "array",
            "items": {"type": "object", "required": ["id", "currency", "elements", "last_updated"]},
        },
        "signed_data": closed(
            {"encoding_method_version": {"type": "integer"}, "public_key": string(512), "url": string(512)},
            encoding_method=ci_string(36),
            signed_values={
                "type": "array",
                "minItems": 1,
                "items": closed({}, nature=ci_string(32), plain_data=string(512), signed_data=string(5000)),
            },
        ),
        "total_fixed_cost": PRICE,
        "total_energy_cost": PRICE,
        "total_time_cost": PRICE,
        "total_parking_time": NUMBER,
        "total_parking_cost": PRICE,
        "total_reservation_cost": PRICE,
        "remark": string(255),
        "invoice_reference_id": ci_string(39),
        "credit": {"type": "boolean"},
        "credit_reference_id": ci_string(39),
        "home_charging_compensation": {"type": "boolean"},
    },
    country_code=ci_string(2),
    party_id=ci_string(3),
    id=ci_string(39),
    start_date_time=DATE_TIME,
    end_date_time=DATE_TIME,
    cdr_token=closed(
        {},
        country_code=ci_string(2),
        party_id=ci_string(3),
        uid=ci_string(36),
        type={"enum": ["AD_HOC_USER", "APP_USER", "OTHER", "RFID"]},
        contract_id=ci_string(36),
    ),
    auth_method={"enum": ["AUTH_REQUEST", "COMMAND", "WHITELIST"]},
    cdr_location=closed(
        {"name": string(255), "postal_code": string(10), "state": string(20)},
        id=ci_string(36),
        address=string(45),
        city=string(45),
        country={"type": "string", "pattern": "^[A-Z]{3}$"},
        coordinates=closed(
            {},
            latitude={"type": "string", "maxLength": 10, "pattern": r"^-?[0-9]{1,2}\.[0-9]{5,7}$"},
            longitude={"type": "string", "maxLength": 11, "pattern": r"^-?[0-9]{1,3}\.[0-9]{5,7}$"},
        ),
        evse_uid=ci_string(36),
        evse_id=ci_string(48),
        connector_id=ci_string(36),
        connector_standard={"type": "string"},
        connector_format={"enum": ["SOCKET", "CABLE"]},
        connector_power_type={"enum": ["AC_1_PHASE", "AC_2_PHASE", "AC_2_PHASE_SPLIT", "AC_3_PHASE", "DC"]},
    ),
    currency=string(3),
    charging_periods={
        "type": "array",
        "minItems": 1,
        "items": closed(
            {"tariff_id": ci_string(36)},
            start_date_time=DATE_TIME,
            dimensions={"type": "array", "minItems": 1, "items": DIMENSION},
        ),
    },
    total_cost=PRICE,
    total_energy=NUMBER,
    total_time=NUMBER,
    last_updated=DATE_TIME,
)
CREDIT = {"if": {"required": ["credit"]}, "then": {"required": ["credit_reference_id"]}}

_VALIDATOR = jsonschema.Draft202012Validator({**CDR, **CREDIT})


def check_cdr(cdr: dict[str, Any]) -> None:
    """Raises jsonschema.ValidationError where OCPI would not take the object."""
    _VALIDATOR.validate(cdr)
