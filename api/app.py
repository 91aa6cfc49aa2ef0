"""The only wiring, to be read from top to bottom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Router, asgi
from litestar.datastructures import State

from api import asyncapi, boundary, health, reference, sweeps
from api.auth import Tokens
from api.chat import events as chat_events
from api.chat.access import may_read_files
from api.chat.blocks import actions as blocks
from api.chat.conversations import renaming
from api.chat.deliveries.watch import Deliveries
from api.chat.filter.routes import router as filter_routes
from api.chat.filter.rules import rules_of
from api.chat.frames import kinds as chat_frames
from api.chat.location import actions as location
from api.chat.location.routes import kinds as location_frames
from api.chat.presence.frames import kinds as typing_frames
from api.chat.presence.typing import Typists
from api.chat.presence.watch import Presence
from api.chat.privacy.routes import router as privacy
from api.chat.routes import router as chat
from api.chat.search import actions as chat_search
from api.chat.waiting import actions as waiting
from api.clock import Clock, system_clock
from api.db import open_database
from api.files import sweeping
from api.files.files import Files
from api.files.routes import router as files_routes
from api.help.library import Library, Searches
from api.help.routes import router as help_routes
from api.limits import Limits
from api.live.live import Live
from api.live.routes import router as live_routes
from api.notifications import events as notification_events
from api.notifications import retention, told
from api.notifications.announcements import actions as announcements
from api.notifications.announcements.routes import router as announcements_routes
from api.notifications.callbacks.routes import router as callbacks
from api.notifications.channels.open import Open, open_channels
from api.notifications.dispatch.pipeline import Pipeline
from api.notifications.feedback import actions as feedback
from api.notifications.feedback.routes import router as feedback_routes
from api.notifications.routes import router as notifications
from api.notifications.unsubscribe.routes import router as mail_page
from api.outbox.loop import Outbox
from api.outbox.routes import router as outbox_routes
from api.platform.routes import router as platform
from api.requests import MAX_BODY, Request
from api.settings import Settings
from api.site.static import StaticSite
from api.site.watch import Watch

PREFIX = "/api/provider-communication"
SOCKET = f"{PREFIX}/realtime"


def create_app(settings: Settings, clock: Clock = system_clock, channels: Open = open_channels) -> boundary.Boundary:
    """The whole of Porchlight as one ASGI app; its lifespan opens and closes the database.

    `channels` opens the ways out of the app.
    """
    # A rule that cannot be read stops the start, not the first message.
    rules_of(settings)
    db = open_database(settings, clock)
    tokens = Tokens(settings, db, clock)
    limits = Limits(settings.rate_limit_factor)
    typists = Typists(clock)
    live = Live(settings, db, tokens, limits, clock, {**chat_frames, **typing_frames(typists), **location_frames})
    events = asyncapi.Events(chat_events.durable | notification_events.durable, chat_events.passing)
    presence, deliveries = Presence(live, db, clock), Deliveries(live, db)
    # Who may read what a file hangs on, by the file's purpose.
    files = Files(settings, clock, {"chat": may_read_files})
    # Whether what somebody was told of is still of interest to them, by what it is about.
    causes = {
        "messages": waiting.unwanted,
        "booking": told.unwanted,
        "announcement": announcements.unwanted,
        "feedback": feedback.unwanted,
    }
    pipeline = Pipeline(db, settings.base_url, channels(settings, db), causes)
    for_ever = sweeps.works | sweeping.works(files, db) | retention.works(settings)
    works = {**for_ever, **sweeping.scans(files, db), **location.works, **chat_search.works, **waiting.works}
    works |= {**blocks.works, **renaming.works, **announcements.works, **feedback.works, **pipeline.works}
    outbox = Outbox(db, works, clock, live.node)
    db.publish, db.gate.tell_mode = live.hub.publish, live.tell_mode
    site, library = StaticSite(settings.site_dir), Library(settings.site_dir, settings.help_center_search_enabled)
    site_watch = Watch(site, library)

    @asynccontextmanager
    async def running(_: Litestar) -> AsyncIterator[None]:
        try:
            await db.open()
            files.open(alone=db.alone)
            await site_watch.look()
            # A disk that is full at the start must not keep those out who only read.
            if not await db.read(sweeps.begun, for_ever):
                await db.write(sweeps.begin, for_ever)
            # Another process may have told what we did not hear; alone, there is none.
            loops = [
                tokens.watch(),
                live.watch(),
                live.refresh(),
                presence.watch(),
                deliveries.watch(),
                outbox.run(),
                site_watch.run(),
                *([] if db.alone else [live.hub.poll()]),
            ]
            tasks = [asyncio.create_task(loop) for loop in loops]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                await pipeline.close()
        finally:
            await files.close()
            await db.close()

    app = Litestar(
        [
            Router(
                PREFIX,
                route_handlers=[
                    platform,
                    chat,
                    privacy,
                    files_routes,
                    notifications,
                    announcements_routes,
                    feedback_routes,
                    mail_page,
                    callbacks,
                    help_routes,
                    live_routes,
                    outbox_routes,
                    filter_routes,
                ],
            ),
            asgi(SOCKET, opt={"public": True}, copy_scope=False)(live),
            health.healthz,
            health.readyz,
            *reference.handlers,
            asyncapi.route(settings.base_url, SOCKET, live.kinds, events),
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
                "clock": clock,
                "tokens": tokens,
                "live": live,
                "typists": typists,
                "deliveries": deliveries,
                "files": files,
                "offered": pipeline.offered,
                "library": library,
                "searches": Searches(),
                "site_watch": site_watch,
                "stopping": False,
            }
        ),
        logging_config=None,
    )
    return boundary.Boundary(app, settings, clock, site)
