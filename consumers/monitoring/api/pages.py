"""The files of the page, read once at the start and served from memory; so no path leads anywhere else."""

import gzip
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import web

FOLDER: Final = Path(__file__).parents[1] / "page"
TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
}
SMALLEST_BYTES: Final = 512

POLICY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types lit-html"
)
SECURITY: Final = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Headers of every answer."""
HEADERS: Final = web.RequestKey("headers", dict[str, str])
"""Where a request carries the headers of its answer."""


class PageFile(NamedTuple):
    """A file, and the same compressed where that saves anything."""

    body: bytes
    compressed: bytes | None
    etag: str
    content_type: str


def load(folder: Path = FOLDER) -> dict[str, PageFile]:
    """Every file of a known kind, by its path in an address."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix in TYPES and path.is_file():
            body = path.read_bytes()
            compressed = gzip.compress(body, mtime=0) if len(body) >= SMALLEST_BYTES else body
            found[f"/{path.relative_to(folder).as_posix()}"] = PageFile(
                body,
                compressed if len(compressed) < len(body) else None,
                f'"{sha256(body).hexdigest()[:20]}"',
                TYPES[path.suffix],
            )
    if "/index.html" in found:
        found["/"] = found["/index.html"]
    return found


def answer(request: web.Request, file: PageFile) -> web.Response:
    """The file, or that it is the one that the browser has."""
    headers = {"ETag": file.etag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if file.etag in request.headers.get("If-None-Match", ""):
        return web.Response(status=304, headers=headers)
    headers["Content-Type"] = file.content_type
    if file.compressed is not None and "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return web.Response(body=file.compressed, headers=headers)
    return web.Response(body=file.body, headers=headers)
