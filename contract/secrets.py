"""The secret places of OCPP, and how they are hidden in everything that the gateway publishes.

A result shows a command and its CALLs, an event shows a station's message, `ocpp.frames.v1` shows each frame. None
of them shows a password, a key or a PIN. The places are found by their names, so one list serves the commands and
the messages of all versions, and what vendors add to them:

- a field of a secret name: `basicAuthPassword`, `apnPassword`, `simPin`, the `password` and `key` of a `vpn`;
- the value of a configuration key or variable of a secret name: `AuthorizationKey`, `BasicAuthPassword`;
- in any text: the credentials of an address (`ftp://user:password@host`, `?token=...`), the private part of a key
  pair in PEM, and `name=value` or `"name": "value"` with a secret name.

A few letters are looked for first: a message that has none of them, as nearly all, costs three microseconds.
"""

import re
from decimal import Decimal
from typing import Any

import msgspec

from contract.records import FAULTS

HIDDEN = "***"
NESTED = (dict, list, tuple)
DEEPEST = 64
"""Levels of JSON that are looked through; no message of OCPP has more than a dozen, customData aside."""
SHORTEST_ECHO = 4
"""A hidden value of fewer characters is not looked for in other texts: it would be found in most of them."""
ENOUGH_OF_AN_ECHO = 24
"""So many first characters of a hidden value tell that a cut text repeats it."""

_NAME = (
    r"pass[_-]?(?:word|wd|phrase|code)|pwd|secret|authorization[_-]?key|sim[_-]?pin|pin[_-]?code|psk"
    r"|(?:private|api|access|auth|shared|master|encryption|hmac|aes|wifi|wlan|wpa|vpn)[_-]?key"
)
_SECRET_NAME = re.compile(_NAME)

PLAIN_ACTIONS = frozenset(
    ("Heartbeat", "MeterValues", "StartTransaction", "StopTransaction", "TransactionEvent")
)
"""Most of what stations send. A payload that fits its schema has no secret place there, but for customData."""
_CUSTOM = b"customData"

_VALUES = ("value", "attributeValue", "actualValue", "variableAttribute", "attributes", "valuesList")
_ECHOES = frozenset(("why", "errorDescription", "additionalInfo", "techInfo", "data"))
"""Texts in which a station or the gateway may repeat a value that it does not like."""

_TEXTS = (
    (re.compile(r"(://)[^/?#\s\"'\\]*@"), rf"\1{HIDDEN}@"),
    (
        re.compile(
            r"-----BEGIN ([A-Z0-9 ]*)PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|$)", re.DOTALL
        ),
        rf"-----BEGIN \1PRIVATE KEY-----{HIDDEN}",
    ),
    (
        re.compile(
            r"(://[^\s\"']*[?&;](?:token|sig|signature|key|x-amz-signature|x-amz-credential|x-amz-security-token)=)"
            r"[^&\s\"']+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    # No base64 may be taken for a name and its value: readings are signed, and a changed one is no evidence.
    (
        re.compile(
            rf"((?<![a-z0-9+/])[a-z0-9_.-]{{0,24}}(?:{_NAME})[a-z0-9_.-]{{0,24}}=)[^\s\"'=<,;&}}]+",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(
            rf"((?:{_NAME})[a-z0-9_.-]{{0,24}}\\*[\"']?\s*:\s*)(?:\\*[\"'][^\"']*|[^\s,;&}}\"']+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)
"""What is secret in a text, whatever field it stands in."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def harmless(data: bytes) -> bytes:
    """The JSON without its secrets, byte for byte the same where it has none. What cannot be read is hidden whole."""
    if not may_hold_secret(data):
        return data
    try:
        said = _decode(data)
    except (*FAULTS, ArithmeticError):  # the last: an exponent beyond all numbers
        return b'"' + HIDDEN.encode() + b'"'
    shown = redacted(said)
    return data if shown == said else _encode(shown)


def may_hold_secret(data: bytes) -> bool:
    """Whether letters stand in the JSON that each secret place has; false for nearly all messages."""
    # Spelled out: a loop over the letters costs as much again as the search.
    lower = data.lower()
    return (
        b"pass" in lower
        or b"pwd" in lower
        or b"secret" in lower
        or b"key" in lower
        or b"psk" in lower
        or b"pin" in lower
        or b"://" in lower
        or b":\\/" in lower
        or b"\\u" in lower
    )


def is_to_be_searched(action: str, frame: bytes) -> bool:
    """Whether a station's request may hold a secret, provided that it fits its schema."""
    return (action not in PLAIN_ACTIONS or _CUSTOM in frame) and may_hold_secret(frame)


def redacted(said: Any) -> Any:
    """The same JSON without its secrets, and without what is nested too deep to be looked through."""
    found: set[str] = set()
    shown = _without(said, DEEPEST, found, inside="")
    return _without_echoes(shown, found, DEEPEST) if found else shown


def is_secret(name: str) -> bool:
    """Whether a field, a configuration key or a variable of that name holds a secret."""
    return _SECRET_NAME.search(name.replace(" ", "").lower()) is not None


def without_secrets(text: str) -> str:
    """The text without credentials of addresses, private keys, and values of secret names."""
    if ":" not in text and "=" not in text and "-----" not in text:
        return text
    for pattern, shown in _TEXTS:
        text = pattern.sub(shown, text)
    return text


def _without(said: Any, levels: int, found: set[str], inside: str) -> Any:
    """`inside` is the name of the object's own field."""
    if isinstance(said, str):
        return without_secrets(said)
    if not isinstance(said, NESTED):
        return said
    if levels <= 0:
        return HIDDEN
    if not isinstance(said, dict):
        return [_without(part, levels - 1, found, inside) for part in said]
    is_secret_variable = _names_a_secret(said)
    return {
        name: _hidden(part, levels - 1, found)
        if part is not None
        and (
            (is_secret(name) and not isinstance(part, NESTED))
            or (is_secret_variable and name in _VALUES)
            or (name == "key" and inside == "vpn")
        )
        else _without(part, levels - 1, found, name)
        for name, part in said.items()
    }


def _hidden(part: Any, levels: int, found: set[str]) -> Any:
    """Lists of values keep their shape: `variableAttribute` is a list of objects."""
    if isinstance(part, NESTED) and levels <= 0:
        return HIDDEN
    if isinstance(part, dict):
        return {
            name: _hidden(inner, levels - 1, found)
            if name in _VALUES
            else _without(inner, levels - 1, found, name)
            for name, inner in part.items()
        }
    if isinstance(part, list | tuple):
        return [_hidden(inner, levels - 1, found) for inner in part]
    if len(str(part)) >= SHORTEST_ECHO:
        found.add(str(part))
    return HIDDEN


def _names_a_secret(said: dict[str, Any]) -> bool:
    """1.6 calls a variable `key`, our commands `variable`, 2.x `variable.name`."""
    named = said.get("key") or said.get("variable")
    if isinstance(named, dict):
        named = named.get("name")
    return isinstance(named, str) and is_secret(named)


def _without_echoes(said: Any, found: set[str], levels: int, *, is_echo: bool = False) -> Any:
    if isinstance(said, str) and is_echo:
        for secret in sorted(found, key=len, reverse=True):
            said = said.replace(secret, HIDDEN)
            cut = said.find(secret[:ENOUGH_OF_AN_ECHO]) if len(secret) > ENOUGH_OF_AN_ECHO else -1
            if cut >= 0:  # the text ends, or goes on, in the middle of the value
                said = said[:cut] + HIDDEN
        return said
    if isinstance(said, dict) and levels:
        return {
            name: _without_echoes(part, found, levels - 1, is_echo=name in _ECHOES)
            for name, part in said.items()
        }
    if isinstance(said, list) and levels:
        return [_without_echoes(part, found, levels - 1, is_echo=is_echo) for part in said]
    return said
