"""Who may see the fleet: whoever shows the token, or the cookie that was given for it; without a token, this machine.

The cookie is not the token, so that it opens nothing but this page; it is made of it, so that nothing is kept.
"""

import hmac
from hashlib import sha256

from aiohttp import web
from yarl import URL

from service.hosts import host_of, is_loopback
from service.problems import Refused

COOKIE = "ocpp_monitoring"
COOKIE_SECONDS = 30 * 86_400


class Access:
    """Judges requests. `host` is the address that the port is bound to."""

    def __init__(self, host: str, token: str | None) -> None:
        self._token = None if token is None else token.encode()
        self._is_local = is_loopback(host)
        self._cookie = hmac.new(self._token or b"", b"the cookie of the page", sha256).hexdigest()

    @property
    def needs_token(self) -> bool:
        """Whether a token is asked for."""
        return self._token is not None

    def check_origin(self, request: web.Request) -> None:
        """Raises Refused for what another site had a browser ask for."""
        host = request.headers.get("Host", "")
        if self._token is None and not (self._is_local and is_loopback(host_of(host))):
            # A name that leads here, but is not this machine's own (DNS rebinding).
            raise Refused(
                403, "foreign-host", "Without OCPP_MONITORING_TOKEN, ask for localhost or 127.0.0.1."
            )
        origin = request.headers.get("Origin")
        if (
            origin is not None
            and request.method not in {"GET", "HEAD"}
            and _authority(origin) != host.lower()
        ):
            raise Refused(403, "foreign-origin", "Another site's page may not ask for this.")

    def is_signed_in(self, request: web.Request) -> bool:
        """Whether it may see the fleet."""
        if self._token is None:
            return True
        kind, _, shown = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and self._is_token(shown.strip()):
            return True
        shown = request.cookies.get(COOKIE, "")
        return hmac.compare_digest(shown.encode(errors="replace"), self._cookie.encode())

    def check(self, request: web.Request) -> None:
        """Raises Refused."""
        if not self.is_signed_in(request):
            raise Refused(
                401,
                "no-token",
                "This asks for its token, as a bearer token or by signing in.",
                headers={"WWW-Authenticate": 'Bearer realm="ocpp-monitoring"'},
            )

    def sign_in(self, token: str, response: web.Response, *, is_secure: bool) -> None:
        """Give the cookie for the token. Raises Refused."""
        if self._token is not None and not self._is_token(token):
            raise Refused(
                401, "wrong-token", "This is not the token.", headers={"WWW-Authenticate": "Bearer"}
            )
        response.set_cookie(
            COOKIE,
            self._cookie,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Strict",
            secure=is_secure,
        )

    def sign_out(self, response: web.Response) -> None:
        """Take the cookie away."""
        response.del_cookie(COOKIE, httponly=True, samesite="Strict")

    def _is_token(self, shown: str) -> bool:
        return self._token is not None and hmac.compare_digest(shown.encode(errors="replace"), self._token)


def _authority(origin: str) -> str:
    try:
        parsed = URL(origin)
    except ValueError:
        return ""
    return origin.partition("://")[2].lower() if parsed.host else ""
