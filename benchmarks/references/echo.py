"""The lower bound: a WebSocket server of aiohttp on uvloop that only sends back what it is sent."""

import argparse
import asyncio
import gc
import ssl

import uvloop
from aiohttp import WSMsgType, web


async def echo(request: web.Request) -> web.WebSocketResponse:
    # No deflate and no autoping timer: as the gateway sets aiohttp up, so that only our code differs.
    socket = web.WebSocketResponse(
        protocols=("ocpp1.6", "ocpp2.0.1"), compress=False, max_msg_size=128 * 1024
    )
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def serve(port: int, certificate: str | None, key: str | None) -> None:
    tls = None
    if certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate, key)
    app = web.Application()
    app.router.add_get("/ocpp/{station}", echo)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=tls, backlog=4096).start()
    gc.freeze()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--certificate")
    parser.add_argument("--key")
    options = parser.parse_args()
    uvloop.run(serve(options.port, options.certificate, options.key))


if __name__ == "__main__":
    main()
