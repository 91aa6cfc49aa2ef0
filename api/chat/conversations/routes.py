"""Conversations over REST."""

from typing import Annotated

from litestar import delete, get, put
from litestar.params import JSONBody, QueryParameter

from api.chat.conversations import actions, marks
from api.chat.types import Conversation, ConversationPage, Mute, RoomState
from api.errors import CursorMismatch, InvalidCursor, NotFound
from api.ids import BookingPath
from api.paging import DEFAULT_LIMIT, Cursor, Limit
from api.platform.types import BookingStatus
from api.requests import Request

Asked = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=200, description="Words of the others' names, the service, the booking."),
]
Wanted = Annotated[RoomState | None, QueryParameter(name="state", description="`active`: not archived.")]


@get("/conversations", raises=[InvalidCursor, CursorMismatch])
async def conversations(
    request: Request,
    room_state: Wanted = None,
    booking_status: Annotated[BookingStatus | None, QueryParameter(name="bookingStatus")] = None,
    q: Asked = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
    with_total: Annotated[bool, QueryParameter(name="withTotal")] = False,
) -> ConversationPage:
    """Your rooms, the one with the latest message first; without `state`, archived ones among them.

    A cursor keeps to the moment of the first page: a room that moves afterwards is not shown on a later one.
    """
    return await request.db.read(
        actions.conversations,
        request.actor,
        status=booking_status,
        state=room_state,
        q=q,
        cursor=cursor,
        limit=limit,
        with_total=with_total,
    )


@get("/booking/{bookingId:str}/conversation", raises=[NotFound])
async def conversation(booking_id: BookingPath, request: Request) -> Conversation:
    """One of your rooms, as the list shows it."""
    return await request.db.read(actions.one, request.actor, booking_id)


@put("/booking/{bookingId:str}/archive", raises=[NotFound])
async def archive(booking_id: BookingPath, request: Request) -> Conversation:
    """Put a room aside, for yourself, until the next message brings it back."""
    return await request.db.write(marks.archive, request.actor, booking_id, True)


@delete("/booking/{bookingId:str}/archive", status_code=200, raises=[NotFound])
async def unarchive(booking_id: BookingPath, request: Request) -> Conversation:
    """Bring a room back."""
    return await request.db.write(marks.archive, request.actor, booking_id, False)


@put("/booking/{bookingId:str}/mute", raises=[NotFound])
async def mute(booking_id: BookingPath, data: JSONBody[Mute], request: Request) -> Conversation:
    """Get no notifications of a room's messages until a moment, or until you change your mind."""
    return await request.db.write(marks.mute, request.actor, booking_id, data.until or marks.FOR_EVER)


@delete("/booking/{bookingId:str}/mute", status_code=200, raises=[NotFound])
async def unmute(booking_id: BookingPath, request: Request) -> Conversation:
    """Get notifications again."""
    return await request.db.write(marks.unmute, request.actor, booking_id)


@put("/booking/{bookingId:str}/unread", raises=[NotFound])
async def mark_unread(booking_id: BookingPath, request: Request) -> Conversation:
    """Mark a room as unread, for yourself, until you read it again. Counts and receipts stay as they are."""
    return await request.db.write(marks.mark_unread, request.actor, booking_id, True)


@delete("/booking/{bookingId:str}/unread", status_code=200, raises=[NotFound])
async def unmark_unread(booking_id: BookingPath, request: Request) -> Conversation:
    """Take the mark off."""
    return await request.db.write(marks.mark_unread, request.actor, booking_id, False)


handlers = [conversations, conversation, archive, unarchive, mute, unmute, mark_unread, unmark_unread]
