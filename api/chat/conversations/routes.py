"""Conversations over REST."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from api.chat.conversations import actions
from api.chat.types import ConversationPage
from api.errors import CursorMismatch, InvalidCursor
from api.paging import DEFAULT_LIMIT, Cursor, Limit
from api.platform.types import BookingStatus
from api.requests import Request


@get("/conversations", raises=[InvalidCursor, CursorMismatch])
async def conversations(
    request: Request,
    booking_status: Annotated[BookingStatus | None, QueryParameter(name="bookingStatus")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    with_total: Annotated[bool, QueryParameter(name="withTotal")] = False,
) -> ConversationPage:
    """Your rooms, the one with the latest message first."""
    return await request.db.read(
        actions.conversations,
        request.actor,
        status=booking_status,
        cursor=cursor,
        limit=limit,
        with_total=with_total,
    )


handlers = [conversations]
