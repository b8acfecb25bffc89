"""One POST to a receiver, bounded in time and size; whatever goes wrong is said in one way."""

from collections.abc import Mapping
from typing import Final

import aiohttp

from consumers.alerting.outputs.receiver import NotTaken

SAID_BYTES: Final = 300


async def post(
    client: aiohttp.ClientSession,
    address: str,
    body: bytes,
    headers: Mapping[str, str],
    timeout_seconds: float,
) -> None:
    """Raises NotTaken unless the answer is a success. Redirects are none: they would be told elsewhere."""
    timeout = aiohttp.ClientTimeout(total=timeout_seconds)
    try:
        async with client.post(
            address, data=body, headers=headers, timeout=timeout, allow_redirects=False
        ) as answer:
            if not 200 <= answer.status < 300:
                said = await answer.content.read(SAID_BYTES)
                raise NotTaken(f"answered {answer.status}: {said.decode(errors='replace').strip()}")
    except TimeoutError as error:
        raise NotTaken(f"did not answer within {timeout_seconds:g} s") from error
    except aiohttp.ClientError as error:
        raise NotTaken(f"cannot be reached: {error}") from error
