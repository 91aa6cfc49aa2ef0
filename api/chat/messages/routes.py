"""Messages over REST."""

from typing import Annotated

from litestar import Response, delete, get, patch, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from api import idempotency
from api.chat.messages import actions
from api.chat.types import Draft, Edit, History, Message
from api.errors import (
    Blocking,
    FileNotReady,
    FileQuarantined,
    InvalidRequest,
    MessagesRefused,
    NotEditable,
    NotFound,
    RoomClosed,
    TextRejected,
)
from api.ids import PLATFORM_ID, BookingPath
from api.paging import DEFAULT_LIMIT, Limit
from api.requests import Request

MessagePath = Annotated[str, PathParameter(name="messageId", pattern=PLATFORM_ID)]
Seq = Annotated[int | None, QueryParameter(ge=0, lt=2**53, description="A message's `seq`.")]


@post(
    "/booking/{bookingId:str}/message",
    status_code=201,
    raises=[NotFound, RoomClosed, Blocking, MessagesRefused, TextRejected, FileNotReady, FileQuarantined],
    opt={"bucket": "send"},
)
async def send(booking_id: BookingPath, data: JSONBody[Draft], request: Request) -> Response[Message]:
    """Send a message. The answer means that it is on disk.

    Give each message a `clientMessageId` of your own: sent again, it answers the first message, never a second one.
    """
    return await idempotency.post(request, 201, actions.send, request.actor, booking_id, data, request.settings)


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
    found = await request.db.read(actions.history, request.actor, booking_id, **places, limit=limit)
    request.app.state.deliveries.loaded(request.actor.id, found.items)
    return found


@get("/messages/{messageId:str}", raises=[NotFound])
async def get_message(message_id: MessagePath, request: Request) -> Message:
    """A message as it is now. Ask for it when you hear that it was edited or deleted."""
    return await request.db.read(actions.one, request.actor, message_id)


@patch("/messages/{messageId:str}", raises=[NotFound, RoomClosed, Blocking, MessagesRefused, NotEditable, TextRejected])
async def edit(message_id: MessagePath, data: JSONBody[Edit], request: Request) -> Message:
    """Replace the text of a message of your own, for a while after you sent it."""
    return await request.db.write(actions.edit, request.actor, message_id, data, request.settings)


@delete("/messages/{messageId:str}", status_code=200, raises=[NotFound, RoomClosed, NotEditable])
async def remove(message_id: MessagePath, request: Request) -> Message:
    """Take back a message of your own, for a while after you sent it. An empty one with `deletedAt` stays in its place.

    Repeat it as you like: what is deleted stays so.
    """
    return await request.db.write(actions.delete, request.actor, message_id, request.settings)


handlers = [send, history, get_message, edit, remove]
