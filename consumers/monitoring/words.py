"""What others wrote, made fit to be kept and shown: no secrets, no NUL, of bounded length."""

import re
from typing import Any, Final

from contract.model import IdToken

LONGEST: Final = 200
HIDDEN: Final = "…"
NUMBERS: Final = 2**31
"""OCPP's integers end before it, and so do the columns."""

_TOKENS = frozenset({"idtoken", "idtag", "parentidtag", "groupidtoken", "groupid", "idtokenvalue"})
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]*@")


def text(given: str | None) -> str | None:
    """A text for a column: PostgreSQL takes no NUL."""
    return None if given is None else given[:LONGEST].replace("\0", "\N{REPLACEMENT CHARACTER}")


def number(given: int | None) -> int | None:
    """A number that can be kept; one that OCPP has no room for is none."""
    return given if given is not None and abs(given) < NUMBERS else None


def masked(value: str) -> str:
    """Enough of a token to tell it from others at the same site, too little to charge with."""
    return f"{value[:2]}{HIDDEN}{value[-2:]}" if len(value) >= 8 else HIDDEN


def token(given: IdToken | None) -> str | None:
    """A driver's token, masked, with its type."""
    if given is None or not given.value:
        return None
    return text(masked(given.value) + (f" ({given.type})" if given.type else ""))


def harmless(said: Any, name: str = "", depth: int = 6) -> Any:
    """JSON without tokens and without passwords in addresses; long texts and lists cut off."""
    if isinstance(said, dict):
        if depth == 0:
            return HIDDEN
        held = name in _TOKENS
        return {
            str(key)[:LONGEST]: masked(inner)
            if held and isinstance(inner, str) and key in {"value", "idToken"}
            else harmless(inner, str(key).lower(), depth - 1)
            for key, inner in list(said.items())[:50]
        }
    if isinstance(said, list | tuple):
        return [harmless(inner, name, depth - 1) for inner in said[:20]] if depth else HIDDEN
    if isinstance(said, str):
        if name in _TOKENS:
            return masked(said)
        return _CREDENTIALS.sub(f"{HIDDEN}@", said[:LONGEST])
    return said
