"""uvicorn with a drain of our own: on SIGTERM it closes the listener at once, which a balancer sees too late."""

import asyncio
import contextlib
import gc
import signal
from collections.abc import Iterator
from typing import Any

import uvicorn

from api.boundary import Boundary
from api.db.database import Report
from api.settings import Settings

# /readyz says 503 while the listener stays open, so that a balancer can look elsewhere first.
LISTENING_SECONDS = 1.0
FINISHING_SECONDS = 8


class Server(uvicorn.Server):
    def __init__(self, app: Boundary, settings: Settings, report: Report) -> None:
        self._boundary = app
        self._report = report
        self._draining = False
        super().__init__(
            uvicorn.Config(
                app,
                host=settings.host,
                port=settings.port,
                loop="uvloop",
                http="httptools",
                lifespan="on",
                access_log=False,
                log_config=None,
                server_header=False,
                # 127.0.0.1 may be anybody behind a proxy: only those that were named are believed.
                proxy_headers=bool(settings.trusted_proxies),
                forwarded_allow_ips=list(settings.trusted_proxies),
                timeout_graceful_shutdown=FINISHING_SECONDS,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._drain, number)
        yield

    def _drain(self, number: int) -> None:
        """The first signal drains, a second one stops at once."""
        self._boundary.stopping()
        if number == signal.SIGINT or self._draining:
            self.should_exit = True
        else:
            self._draining = True
            asyncio.get_running_loop().call_later(LISTENING_SECONDS, setattr, self, "should_exit", True)

    async def startup(self, sockets: list[Any] | None = None) -> None:
        await super().startup(sockets)
        # What lives now lives on: the collector need not walk it again at every step.
        gc.collect()
        gc.freeze()
        gc.set_threshold(700, 10, 100)
        if self.started:
            self._report(f"serving at http://{self.config.host}:{self.config.port}, API reference at /api/reference")
