"""Read markers over REST."""

from litestar import Response, get, post
from litestar.params import JSONBody

from api import idempotency
from api.chat.receipts import actions, queries
from api.chat.types import Read, Unread, UnreadCount
from api.requests import Request


@post("/messages/read", status_code=200)
async def read(data: JSONBody[Read], request: Request) -> Response[Unread]:
    """Mark messages as read, up to and with the last of them in each room. What is not yours is ignored."""
    return await idempotency.post(request, 200, actions.read, request.actor, data)


@get("/unread-count")
async def unread_count(request: Request) -> UnreadCount:
    """How many messages of others wait to be read, altogether and in each room that has some."""
    by_booking = dict(await request.db.read(queries.unread_by_booking, request.actor.id))
    return UnreadCount(sum(by_booking.values()), by_booking)


handlers = [read, unread_count]
