"""Chat over REST: a room for each booking, its members the provider and the customer."""

from typing import Annotated

from litestar import Response, Router, get, post
from litestar.params import JSONBody, QueryParameter

from api import idempotency
from api.chat import actions, queries
from api.chat.location import routes as location
from api.chat.presence import routes as presence
from api.chat.types import ConversationPage, Draft, History, Message, Read, Unread, UnreadCount
from api.errors import CursorMismatch, InvalidCursor, InvalidRequest, NotFound
from api.ids import BookingPath
from api.paging import DEFAULT_LIMIT, Cursor, Limit
from api.platform.types import BookingStatus
from api.requests import Request

Seq = Annotated[int | None, QueryParameter(ge=0, lt=2**53, description="A message's `seq`.")]


@post("/booking/{bookingId:str}/message", status_code=201, raises=[NotFound], opt={"bucket": "send"})
async def send(booking_id: BookingPath, data: JSONBody[Draft], request: Request) -> Response[Message]:
    """Send a message. The answer means that it is on disk.

    Give each message a `clientMessageId` of your own: sent again, it answers the first message, never a second one.
    """
    limit = request.settings.chat_message_limit
    return await idempotency.post(request, 201, actions.send, request.actor, booking_id, data, limit)


@get("/booking/{bookingId:str}/history", raises=[NotFound])
async def history(
    booking_id: BookingPath,
    request: Request,
    before: Seq = None,
    after: Seq = None,
    around: Seq = None,
    limit: Limit = DEFAULT_LIMIT,
) -> History:
    """Messages in order of `seq`: the newest, or those `before`, `after` or `around` one."""
    if [before, after, around].count(None) < 2:
        raise InvalidRequest("Send at most one of before, after and around.")
    places = {"before": before, "after": after, "around": around}
    return await request.db.read(actions.history, request.actor, booking_id, **places, limit=limit)


@post("/messages/read", status_code=200)
async def read(data: JSONBody[Read], request: Request) -> Response[Unread]:
    """Mark messages as read, up to and with the last of them in each room. What is not yours is ignored."""
    return await idempotency.post(request, 200, actions.read, request.actor, data)


@get("/unread-count")
async def unread_count(request: Request) -> UnreadCount:
    """How many messages of others wait to be read, altogether and in each room that has some."""
    by_booking = dict(await request.db.read(queries.unread_by_booking, request.actor.id))
    return UnreadCount(sum(by_booking.values()), by_booking)


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


router = Router(
    path="/chat",
    route_handlers=[send, history, read, unread_count, conversations, *presence.handlers, *location.handlers],
    opt={"roles": ("provider", "customer", "agent", "admin")},
    tags=["Chat"],
)
