"""Search over REST."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from api.chat.search import actions
from api.chat.search.types import SearchPage
from api.errors import CursorMismatch, InvalidCursor, NotFound
from api.ids import PLATFORM_ID
from api.paging import DEFAULT_LIMIT, Cursor, Limit
from api.requests import Request

Asked = Annotated[str, QueryParameter(min_length=1, max_length=200, description="Words; the last may go on.")]
InRoom = Annotated[str | None, QueryParameter(name="bookingId", pattern=PLATFORM_ID, description="In this room only.")]


@get("/search", raises=[NotFound, InvalidCursor, CursorMismatch], opt={"bucket": "search"})
async def search(
    request: Request, q: Asked, booking_id: InRoom = None, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> SearchPage:
    """Your messages that hold every word of `q`, the newest first; of the last word the beginning is enough.

    Case and accents make no difference, and there are no operators. `history?around=` shows what stands around a hit.
    """
    return await request.db.read(actions.search, request.actor, q=q, booking_id=booking_id, cursor=cursor, limit=limit)


handlers = [search]
