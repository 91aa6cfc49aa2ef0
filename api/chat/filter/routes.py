"""What the filter found, for the desk."""

from typing import Annotated, Literal

from litestar import Response, Router, get, post
from litestar.params import PathParameter, QueryParameter

from api import idempotency, paging
from api.chat.filter import desk, queries
from api.chat.filter.types import Filtered, FilteredPage
from api.errors import CursorMismatch, InvalidCursor, NotFound, NotHeld
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from api.requests import Request

FilteredPath = Annotated[str, PathParameter(name="filteredId", pattern=r"^[a-z0-9_]{1,64}$")]
# Every id is smaller.
NEWEST = "g"


@get("/held", raises=[InvalidCursor, CursorMismatch])
async def held(request: Request, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> FilteredPage:
    """Messages that wait for a decision, as they were written, the longest waiting first."""
    after = paging.decode(cursor, ["held"], (str,))[0] if cursor else ""
    return _page(["held"], await request.db.read(queries.held_after, after, limit + 1), limit)


@get("/filtered", raises=[InvalidCursor, CursorMismatch], opt={"roles": ("admin",)})
async def filtered(
    request: Request,
    outcome: Annotated[Literal["flag", "warn", "mask", "hold"] | None, QueryParameter()] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> FilteredPage:
    """Every text that the filter did not simply let pass, as it was written, the newest first."""
    filters = ["filtered", outcome]
    before = paging.decode(cursor, filters, (str,))[0] if cursor else NEWEST
    return _page(filters, await request.db.read(queries.filtered_before, before, outcome, limit + 1), limit)


def _page(filters: list[str | None], found: list[Filtered], limit: int) -> FilteredPage:
    items, more = found[:limit], len(found) > limit
    return FilteredPage(items, Page(paging.encode(filters, [items[-1].id]) if more else None, None, more))


@post("/held/{filteredId:str}/release", status_code=200, raises=[NotFound, NotHeld])
async def release(filtered_id: FilteredPath, request: Request) -> Response[Filtered]:
    """Show the message to everybody in its room; what is masked in it stays masked."""
    return await idempotency.post(request, 200, desk.release, request.actor, filtered_id)


@post("/held/{filteredId:str}/reject", status_code=200, raises=[NotFound, NotHeld])
async def reject(filtered_id: FilteredPath, request: Request) -> Response[Filtered]:
    """Take the message back; an empty one stays in its place."""
    return await idempotency.post(request, 200, desk.reject, request.actor, filtered_id)


router = Router(
    "/desk/messages",
    route_handlers=[held, filtered, release, reject],
    opt={"roles": ("agent", "admin")},
    tags=["Desk"],
)
