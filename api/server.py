"""uvicorn with a drain of our own: on SIGTERM it closes the listener at once, which a balancer sees too late."""

import asyncio
import contextlib
import gc
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.boundary import Boundary
from api.db.database import Closed, Report
from api.live.wire import MAX_FRAME
from api.settings import Settings

# /readyz says 503 while the listener stays open, so that a balancer can look elsewhere first.
LISTENING_SECONDS = 1.0
FINISHING_SECONDS = 8
UNREADABLE = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


class HttpProtocol(HttpToolsProtocol):
    """ASGI has no way to cut off a peer that takes nothing, not even the end of an answer."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        extensions: Any = {"abort": self.transport.abort}
        self.scope["extensions"] = extensions


class SocketProtocol(WebSocketsSansIOProtocol):
    """The same for sockets and their goodbye; and a handshake that cannot be read is refused."""

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # uvicorn neither sends what the parser answers, a 431 say, nor ever closes.
            self.transport.write(b"".join(self.conn.data_to_send()) or UNREADABLE)
            self.transport.close()

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):
            extensions: Any = self.scope["extensions"]
            extensions["abort"] = self.transport.abort


def configured(app: Boundary, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=HttpProtocol,
        ws=SocketProtocol,
        ws_max_size=MAX_FRAME,
        # Compression doubles the memory of a socket and more, for frames of a few hundred bytes.
        ws_per_message_deflate=False,
        lifespan="on",
        access_log=False,
        log_config=None,
        server_header=False,
        # 127.0.0.1 may be anybody behind a proxy: only those that were named are believed.
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        timeout_graceful_shutdown=FINISHING_SECONDS,
    )


def bound(settings: Settings) -> list[socket.socket]:
    """A socket for each address of the host and each port, not listening yet. Raises Closed."""
    ports = [settings.port, settings.chat_websocket_port]
    return [listener for port in ports if port is not None for listener in _listeners(settings.host, port)]


def _listeners(host: str, port: int) -> list[socket.socket]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        return [_bound(family, address) for family, _, _, _, address in dict.fromkeys(found)]
    except OSError as error:
        raise Closed(f"cannot listen on {host} port {port}: {error.strerror}") from error


def _bound(family: int, address: Any) -> socket.socket:
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    try:
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


class Server(uvicorn.Server):
    def __init__(self, app: Boundary, settings: Settings, report: Report) -> None:
        self._boundary = app
        self._report = report
        self._address = settings.local_url
        self._socket_port = settings.chat_websocket_port
        self._draining = False
        super().__init__(configured(app, settings))

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._drain, number)
        yield

    def _drain(self, number: int) -> None:
        """The first signal drains, a second one stops at once."""
        self._boundary.stopping()
        if self._draining:
            self.should_exit = True
        else:
            self._draining = True
            # Nobody who presses Ctrl-C has a balancer.
            listening = 0.0 if number == signal.SIGINT else LISTENING_SECONDS
            self._ending = asyncio.get_running_loop().create_task(self._end(listening))

    async def _end(self, listening: float) -> None:
        await asyncio.sleep(listening)
        began = time.monotonic()
        await self._boundary.drain()
        # Sockets and requests finish in the same seconds, not one after the other.
        self.config.timeout_graceful_shutdown = max(1, FINISHING_SECONDS - round(time.monotonic() - began))
        self.should_exit = True

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        # What lives now lives on: the collector need not walk it again at every step.
        gc.collect()
        gc.freeze()
        gc.set_threshold(700, 10, 100)
        if self.started:
            self._report(f"serving at {self._address}, API reference at /api/reference")
            if self._socket_port is not None:
                self._report(f"the socket alone at port {self._socket_port}, too")
