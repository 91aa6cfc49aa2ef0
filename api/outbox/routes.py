"""What was given up, for admins to see and to try again."""

from typing import Annotated

from litestar import Router, get, post
from litestar.params import PathParameter
from litestar.response import Response

from api import idempotency, paging
from api.db import Tx
from api.errors import CursorMismatch, InvalidCursor, NotFound
from api.outbox import queries
from api.outbox.types import DeadPage
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from api.requests import Request

DuePath = Annotated[str, PathParameter(name="dueId", pattern=r"^[a-z0-9_]{1,64}$")]


@get("/", raises=[InvalidCursor, CursorMismatch])
async def list_dead(request: Request, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> DeadPage:
    """Due work that was tried too often, the oldest first, each with its last error."""
    after = paging.decode(cursor, ["due"], (str,))[0] if cursor else ""
    found = await request.db.read(queries.dead, after, limit + 1)
    items, more = found[:limit], len(found) > limit
    return DeadPage(items, Page(paging.encode(["due"], [items[-1].id]) if more else None, None, more))


@post("/{dueId:str}/retry", status_code=204, raises=[NotFound])
async def retry(due_id: DuePath, request: Request) -> Response[None]:
    """Try it again, as if for the first time."""
    return await idempotency.post(request, 204, _revive, due_id)


def _revive(tx: Tx, due_id: str) -> None:
    if not queries.revive(tx, due_id):
        raise NotFound


router = Router("/desk/due", route_handlers=[list_dead, retry], opt={"roles": ("admin",)}, tags=["Desk"])
