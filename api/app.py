"""The only wiring, to be read from top to bottom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Router
from litestar.datastructures import State

from api import boundary, health, reference
from api.auth import Tokens
from api.chat.routes import router as chat
from api.clock import Clock, system_clock
from api.db import open_database
from api.help.library import Library, Searches
from api.help.routes import router as help_routes
from api.limits import Limits
from api.platform.routes import router as platform
from api.requests import MAX_BODY, Request
from api.settings import Settings
from api.site.static import StaticSite
from api.site.watch import Watch

PREFIX = "/api/provider-communication"


def create_app(settings: Settings, clock: Clock = system_clock) -> boundary.Boundary:
    """The whole of Porchlight as one ASGI app; its lifespan opens and closes the database."""
    db = open_database(settings, clock)
    tokens = Tokens(settings, db, clock)
    limits = Limits(settings.rate_limit_factor)
    site, library = StaticSite(settings.site_dir), Library(settings.site_dir, settings.help_center_search_enabled)
    site_watch = Watch(site, library)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        try:
            await db.open()
            await site_watch.look()
            tasks = [asyncio.create_task(loop) for loop in (tokens.watch(), site_watch.run())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await db.close()

    app = Litestar(
        [
            Router(PREFIX, route_handlers=[platform, chat, help_routes]),
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
        state=State(
            {
                "settings": settings,
                "db": db,
                "tokens": tokens,
                "library": library,
                "searches": Searches(),
                "site_watch": site_watch,
                "stopping": False,
            }
        ),
        logging_config=None,
    )
    return boundary.Boundary(app, settings, clock, site)
