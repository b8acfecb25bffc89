"""The types of idTokens: what a text without one looks like, and what 2.1's types are in 2.0.1 (reference §2.4, §3.5)."""

import re

_HEX = re.compile(r"[0-9A-Fa-f]+")
_EMAID = re.compile(r"[A-Za-z]{2}-?[A-Za-z0-9]{3}-?[A-Za-z0-9]{9}")
_MAC_DIGITS = 12
_ISO14443_DIGITS = (8, 14, 20)
_ISO15693_DIGITS = 16

CENTRAL = "Central"
"""A token that a central system made up: what can be said of any that comes from one."""

IN_201 = {
    "Central": CENTRAL,
    "DirectPayment": CENTRAL,
    "EVCCID": "MacAddress",
    "ISO14443": "ISO14443",
    "ISO15693": "ISO15693",
    "KeyCode": "KeyCode",
    "Local": "Local",
    "MacAddress": "MacAddress",
    "NEMA": CENTRAL,
    "NoAuthorization": "NoAuthorization",
    "VIN": CENTRAL,
    "eMAID": "eMAID",
}
"""The types of 2.1 in the eight words of 2.0.1; the list of 2.1 is an open one."""


def looks_like(value: str) -> str | None:
    """What kind of token a text looks like; None where it might be anything."""
    if value.startswith("VID:"):  # an EV recognised by its MAC address (autocharge)
        return "MacAddress"
    if _HEX.fullmatch(value):
        if len(value) == _MAC_DIGITS:
            return "MacAddress"
        if len(value) in _ISO14443_DIGITS:
            return "ISO14443"
        if len(value) == _ISO15693_DIGITS and value[:2].upper() == "E0":
            return "ISO15693"
    return "eMAID" if _EMAID.fullmatch(value) else None
