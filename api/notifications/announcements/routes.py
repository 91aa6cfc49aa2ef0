"""What admins tell many at once."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.params import JSONBody, PathParameter

from api import idempotency, paging
from api.errors import CursorMismatch, InvalidCursor, NotFound
from api.notifications.announcements import actions, queries
from api.notifications.announcements.types import Announcement, AnnouncementDraft, AnnouncementPage
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from api.requests import Request

AnnouncementPath = Annotated[str, PathParameter(name="announcementId", pattern=r"^[a-z0-9_]{1,64}$")]
LAST = "~"


@post("/", status_code=201)
async def announce(data: JSONBody[AnnouncementDraft], request: Request) -> Response[Announcement]:
    """Tell everybody, a `role` or some `userIds`. People are told in chunks; `reached` counts them."""
    return await idempotency.post(request, 201, actions.announce, request.actor.id, data)


@get("/", raises=[InvalidCursor, CursorMismatch])
async def listed(request: Request, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> AnnouncementPage:
    """Announcements, the latest first."""
    before = paging.decode(cursor, ["announcements"], (str,))[0] if cursor else LAST
    found = await request.db.read(queries.announcements, before, limit + 1)
    items, more = found[:limit], len(found) > limit
    return AnnouncementPage(items, Page(paging.encode(["announcements"], [items[-1].id]) if more else None, None, more))


@post("/{announcementId:str}/cancel", status_code=200, raises=[NotFound])
async def cancel(announcement_id: AnnouncementPath, request: Request) -> Response[Announcement]:
    """Tell nobody else, and take it from the lists of those who have not read it."""
    return await idempotency.post(request, 200, actions.cancel, announcement_id)


router = Router(
    "/desk/announcements", route_handlers=[announce, listed, cancel], opt={"roles": ("admin",)}, tags=["Desk"]
)
