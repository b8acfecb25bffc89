"""What must not stand in a topic: the passwords among the variables that a command writes or reads.

A result shows the command as it was asked for and the CALLs as they were; a station's password
(1.6 AuthorizationKey, 2.x SecurityCtrlr.BasicAuthPassword) is the one thing in them that is nobody's to read.
"""

from typing import Any

SECRET_VARIABLES = frozenset(("authorizationkey", "basicauthpassword"))
VALUES = ("value", "attributeValue")
HIDDEN = "***"
NESTED = (dict, list, tuple)
DEEPEST = 64
"""Levels of JSON that are looked through; no message of OCPP has more than a dozen, customData aside."""


def redacted(said: Any, levels: int = DEEPEST) -> Any:
    """The same JSON, with the values of secret variables hidden, and what is nested too deep to be looked through."""
    if not isinstance(said, NESTED):
        return said
    if not levels:
        return HIDDEN
    if isinstance(said, dict):
        shown = {
            name: redacted(part, levels - 1) if isinstance(part, NESTED) else part
            for name, part in said.items()
        }
        if _names_a_secret(said):
            shown |= {name: HIDDEN for name in VALUES if said.get(name) is not None}
        return shown
    return [redacted(part, levels - 1) for part in said]


def _names_a_secret(said: dict[str, Any]) -> bool:
    """1.6 calls it `key`, our commands `variable`, 2.x `variable.name`."""
    named = said.get("key") or said.get("variable")
    if isinstance(named, dict):
        named = named.get("name")
    return isinstance(named, str) and named.casefold() in SECRET_VARIABLES
