"""The only wiring, to be read from top to bottom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from litestar import Litestar, Router
from litestar.datastructures import State

from api import boundary, health, reference
from api.auth import Tokens
from api.chat.routes import router as chat
from api.clock import Clock, system_clock
from api.db import open_database
from api.limits import Limits
from api.platform.routes import router as platform
from api.requests import MAX_BODY, Request
from api.settings import Settings

PREFIX = "/api/provider-communication"


def create_app(settings: Settings, clock: Clock = system_clock) -> boundary.Boundary:
    """The whole of Porchlight as one ASGI app; its lifespan opens and closes the database."""
    db = open_database(settings, clock)
    tokens = Tokens(settings, db, clock)
    limits = Limits(settings.rate_limit_factor)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        try:
            await db.open()
            watch = asyncio.create_task(tokens.watch())
            try:
                yield
            finally:
                watch.cancel()
                with suppress(asyncio.CancelledError):
                    await watch
        finally:
            await db.close()

    app = Litestar(
        [
            Router(PREFIX, route_handlers=[platform, chat]),
            health.healthz,
            health.readyz,
            *reference.handlers,
        ],
        request_class=Request,
        request_max_body_size=MAX_BODY,
        middleware=[boundary.admit(settings, tokens, limits)],
        exception_handlers={Exception: boundary.answer_problem},
        openapi_config=reference.config,
        lifespan=[running],
        state=State({"settings": settings, "db": db, "tokens": tokens, "stopping": False}),
        logging_config=None,
    )
    return boundary.Boundary(app, settings, clock)
