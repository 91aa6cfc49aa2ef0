"""What somebody was told, and what they have done with it."""

from typing import Annotated

from litestar import Response, Router, delete, get, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from api import idempotency
from api.errors import CursorMismatch, InvalidCursor, NotFound
from api.notifications import actions, queries
from api.notifications.devices.routes import router as devices
from api.notifications.dispatch import actions as dispatch
from api.notifications.dispatch.rules import explained
from api.notifications.dispatch.types import Trace
from api.notifications.kinds import Category
from api.notifications.preferences.routes import router as preferences
from api.notifications.stats import Stats, stats
from api.notifications.types import Chosen, Counts, Marks, Notification, NotificationPage, State
from api.paging import DEFAULT_LIMIT, Cursor, Limit
from api.requests import Request

NotificationPath = Annotated[str, PathParameter(name="notificationId", pattern=r"^[a-z0-9_]{1,64}$")]
CategoryPath = Annotated[Category, PathParameter(name="category")]
Shown = Annotated[State, QueryParameter(name="state")]
WithTotal = Annotated[bool, QueryParameter(name="withTotal")]


@get("/", raises=[InvalidCursor, CursorMismatch])
async def listed(
    request: Request,
    shown: Shown = "active",
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    with_total: WithTotal = False,
) -> NotificationPage:
    """Your notifications, the latest first: the `active` ones (not archived), those `unread`, or those `archived`."""
    return await _listed(request, None, shown, cursor, limit, with_total)


@get("/category/{category:str}", raises=[InvalidCursor, CursorMismatch])
async def by_category(
    category: CategoryPath,
    request: Request,
    shown: Shown = "active",
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    with_total: WithTotal = False,
) -> NotificationPage:
    """Those of one category."""
    return await _listed(request, category, shown, cursor, limit, with_total)


async def _listed(
    request: Request, category: Category | None, shown: State, cursor: str | None, limit: int, with_total: bool
) -> NotificationPage:
    return await request.db.read(
        actions.listed,
        request.actor,
        category=category,
        state=shown,
        cursor=cursor,
        limit=limit,
        with_total=with_total,
    )


@get("/unread-count")
async def unread_count(request: Request) -> Counts:
    """How many you have not read, and how many have come since you last looked."""
    return await request.db.read(queries.counts, request.actor.id)


@get("/stats")
async def figures(request: Request) -> Stats:
    """What you were told so far and how it went, by category, priority, way and status."""
    return stats(await request.db.read(queries.figures, request.actor.id))


@get("/{notificationId:str}", raises=[NotFound])
async def one(notification_id: NotificationPath, request: Request) -> Notification:
    """One of your notifications."""
    found = await request.db.read(queries.notification, request.actor.id, notification_id)
    if found is None:
        raise NotFound
    return found


@get("/{notificationId:str}/trace", raises=[NotFound])
async def trace(notification_id: NotificationPath, request: Request) -> Trace:
    """Why it reached you by each way, or did not, in plain words."""
    steps = await request.db.read(dispatch.trace, request.actor.id, notification_id)
    return Trace([explained(step) for step in steps])


@post("/read", status_code=200)
async def read(data: JSONBody[Marks], request: Request) -> Response[Counts]:
    """Mark as read: some `ids`, a `category`, or `all`. What is not yours is ignored."""
    return await idempotency.post(request, 200, actions.read, request.actor, data)


@post("/seen", status_code=200)
async def seen(data: JSONBody[Marks], request: Request) -> Response[Counts]:
    """Mark as seen: they were in a list that was looked at, but not opened. What is not yours is ignored."""
    return await idempotency.post(request, 200, actions.see, request.actor, data)


@post("/archive", status_code=200)
async def archive(data: JSONBody[Chosen], request: Request) -> Response[Counts]:
    """Put notifications away; they count as read then."""
    return await idempotency.post(request, 200, actions.archive, request.actor, data.ids)


@post("/restore", status_code=200)
async def restore(data: JSONBody[Chosen], request: Request) -> Response[Counts]:
    """Bring archived notifications back into the list."""
    return await idempotency.post(request, 200, actions.archive, request.actor, data.ids, back=True)


@delete("/{notificationId:str}", raises=[NotFound])
async def remove(notification_id: NotificationPath, request: Request) -> None:
    """Delete one for good."""
    await request.db.write(actions.delete, request.actor, notification_id)


router = Router(
    path="/notifications",
    route_handlers=[
        preferences,
        devices,
        listed,
        by_category,
        unread_count,
        figures,
        one,
        trace,
        read,
        seen,
        archive,
        restore,
        remove,
    ],
    opt={"roles": ("provider", "customer", "agent", "admin")},
    tags=["Notifications"],
)
