"""What a request says beside its route, read and judged: parameters, and a JSON body of bounded size."""

import asyncio
import math
import re
from typing import Any

import msgspec
from aiohttp import web

from service.problems import Refused

BODY_BYTES = 256 * 1024
BODY_SECONDS = 10.0
REQUEST_ID = web.RequestKey("request_id", str)
"""Where a request carries its id."""

_EXACT_INTEGERS = 2**53


def _number(literal: str) -> int | float:
    """A number with nothing after its point is an integer, as JSON Schema has it: some languages write 1.0."""
    value = float(literal)
    return int(value) if value.is_integer() and abs(value) < _EXACT_INTEGERS else value


_decoder = msgspec.json.Decoder(float_hook=_number)


def text(given: str, pattern: re.Pattern[str], what: str) -> str:
    """The text, if it fits. Raises Refused."""
    if not pattern.fullmatch(given):
        raise Refused(400, "bad-parameter", f"This is not {what}: it does not match {pattern.pattern}")
    return given


def number(request: web.Request, name: str, least: float, most: float) -> float | None:
    """A number within bounds. Raises Refused."""
    given = request.query.get(name)
    if given is None:
        return None
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise Refused(400, "bad-parameter", f"`{name}` is a number from {least:g} to {most:g}.")
    return value


def boolean(request: web.Request, name: str) -> bool | None:
    """A truth, as JSON spells it. Raises Refused."""
    given = request.query.get(name)
    if given not in (None, "true", "false"):
        raise Refused(400, "bad-parameter", f"`{name}` is true or false.")
    return None if given is None else given == "true"


async def json_body(request: web.Request) -> Any:
    """The body as JSON. Raises Refused; reads no more than `BODY_BYTES`."""
    if request.content_type != "application/json":
        raise Refused(415, "no-json", "The body must be application/json.")
    too_large = Refused(413, "too-large", f"A body has at most {BODY_BYTES} bytes.")
    if request.content_length is not None and request.content_length > BODY_BYTES:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > BODY_BYTES:
                    raise too_large
    except TimeoutError:
        raise Refused(408, "too-slow", f"The body did not come in {BODY_SECONDS:g} s.") from None
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Refused(400, "no-json", f"The body is no JSON: {error}") from None
