"""Who may use the API: whoever shows the token; without one, only whoever is on this machine."""

import hmac
from collections.abc import Mapping

from service.hosts import host_of, is_loopback
from service.problems import Refused


class Access:
    """Judges requests by their headers. `host` is the address that the port is bound to."""

    def __init__(self, host: str, token: str | None) -> None:
        self._token = None if token is None else token.encode()
        self._is_local = is_loopback(host)

    def check(self, headers: Mapping[str, str]) -> None:
        """Raises Refused."""
        if self._token is not None:
            kind, _, shown = headers.get("Authorization", "").partition(" ")
            token = shown.strip().encode(errors="surrogateescape")  # aiohttp keeps any byte so
            if kind.lower() != "bearer" or not hmac.compare_digest(token, self._token):
                raise Refused(
                    401,
                    "no-token",
                    "The API asks for its token as a bearer token.",
                    headers={"WWW-Authenticate": 'Bearer realm="ocpp-gateway"'},
                )
        elif not self._is_local:
            raise Refused(
                403,
                "closed",
                "Set OCPP_API_TOKEN, or bind the port to a loopback address by OCPP_INTERNAL_HOST.",
            )
        elif not is_loopback(host_of(headers.get("Host", ""))):
            # A name that leads to this machine, but is not its own: a web page that had its name moved
            # here, to have the browser of somebody who sits here send commands (DNS rebinding).
            raise Refused(403, "foreign-host", "Without OCPP_API_TOKEN, ask for localhost or 127.0.0.1.")
