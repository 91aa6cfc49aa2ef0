"""What reaches somebody, by which way and when."""

from litestar import Response, Router, get, patch, put
from litestar.params import JSONBody

from api import paging
from api.db.rows import Record
from api.errors import CursorMismatch, InvalidCursor, PreconditionFailed, PreconditionRequired
from api.etags import NOT_MODIFIED, conditional, if_match
from api.notifications.preferences import actions, queries
from api.notifications.preferences.effective import Preferences
from api.notifications.preferences.queries import Change
from api.notifications.preferences.types import Choices, ChoicesPatch
from api.paging import DEFAULT_LIMIT, Cursor, Limit, Page
from api.requests import Request

LAST = 2**53 - 1


class ChangePage(Record):
    items: list[Change]
    page: Page


def _answer(found: Preferences) -> Response[Preferences]:
    return Response(found, headers={"ETag": actions.tag_of(found)})


@get("/", raises=[PreconditionFailed], responses=NOT_MODIFIED)
async def show(request: Request) -> Response[Preferences]:
    """What holds for you, each value with its source: `default`, `user` (your choice), or `platform`.

    Types under `locked` reach you whatever you choose. Mail and text messages come only while a notification is still
    unread, each a while after the way before it.
    """
    found = await request.db.read(actions.preferences, request.actor.id, request.app.state.offered)
    return conditional(request, found, actions.tag_of(found))


@put("/", raises=[PreconditionRequired, PreconditionFailed])
async def replace(data: JSONBody[Choices], request: Request) -> Response[Preferences]:
    """Make these your choices; what you leave out is the default again. `If-Match` is required."""
    actor = request.actor.id
    offered = request.app.state.offered
    return _answer(await request.db.write(actions.put, actor, actor, data, if_match(request), offered))


@patch("/", raises=[PreconditionRequired, PreconditionFailed])
async def change(data: JSONBody[ChoicesPatch], request: Request) -> Response[Preferences]:
    """Change only what you send; null takes a choice back. `If-Match` is required."""
    actor = request.actor.id
    offered = request.app.state.offered
    return _answer(await request.db.write(actions.patch, actor, actor, data, if_match(request), offered))


@get("/history", raises=[InvalidCursor, CursorMismatch])
async def history(request: Request, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT) -> ChangePage:
    """What you chose and when, the latest first."""
    filters = [request.actor.id, "preferences"]
    before = paging.decode(cursor, filters, (int,))[0] if cursor else LAST
    found = await request.db.read(queries.changes, request.actor.id, before, limit + 1)
    items, more = found[:limit], len(found) > limit
    return ChangePage(items, Page(paging.encode(filters, [items[-1].version]) if more else None, None, more))


router = Router("/preferences", route_handlers=[show, replace, change, history])
