"""Payloads with a canary in every place where a secret may stand, made from the official schemas of all versions.

Which fields are secret is told here by other words than in `contract.secrets`, and more widely: a new field of a later
schema that looks like a secret fails the tests until somebody has decided.
"""

import re
from typing import Any

CANARY = "c4n4ryc4n4ry"
CANARY_PIN = 73914628
TEXT = f"ftp://user:{CANARY}@h/f?a=1&token={CANARY} -----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----"
"""What any text field may hold: an address with credentials, and the private part of a key pair."""

_LOOKS_SECRET = re.compile(r"pass|pwd|secret|pin$|psk|cred|priv(?!aten|ateK?)", re.IGNORECASE)

Schema = dict[str, Any]


def looks_secret(name: str, inside: str) -> bool:
    """Whether a field of that name, in an object of that name, is to hold a secret."""
    return _LOOKS_SECRET.search(name) is not None or (name == "key" and inside == "vpn")


def filled(root: Schema, schema: Schema, name: str = "", inside: str = "", depth: int = 0) -> Any:
    """A payload with all properties of the schema; the canary stands in each text, and as each secret."""
    while "$ref" in schema:
        schema = root["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            made = {
                part: filled(root, inner, part, name, depth + 1)
                for part, inner in schema.get("properties", {}).items()
                if depth < 12
            }
            return {**made, "vendorPassword": CANARY} if name == "customData" else made
        case "array":
            return [filled(root, schema["items"], name, inside, depth + 1)]
        case "string":
            return CANARY if looks_secret(name, inside) else TEXT
        case "integer" | "number":
            return CANARY_PIN if looks_secret(name, inside) else 1
        case "boolean":
            return True
    return TEXT


def shows(text: str | bytes) -> bool:
    """Whether the canary stands in a text."""
    plain = text.decode(errors="replace") if isinstance(text, bytes) else text
    return CANARY in plain or str(CANARY_PIN) in plain
