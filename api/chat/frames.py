"""Chat over the socket: the fields of the REST bodies, and `bookingId`."""

from api.chat import actions
from api.chat.types import Draft, Message, Read, Unread
from api.ids import PlatformId
from api.live.wire import Caller, FrameKind
from api.requests import Body


class SocketDraft(Draft, kw_only=True):
    """A socket may break before its ack: without an id of its own a message could not be sent again."""

    client_message_id: PlatformId


class SendFrame(Body):
    booking_id: PlatformId
    message: SocketDraft


async def send(caller: Caller, frame: SendFrame) -> Message:
    limit = caller.settings.chat_message_limit
    return await caller.db.write(actions.send, caller.actor, frame.booking_id, frame.message, limit)


async def read(caller: Caller, frame: Read) -> Unread:
    return await caller.db.write(actions.read, caller.actor, frame)


kinds = {
    "message.send": FrameKind(SendFrame, "send", send),
    "messages.read": FrameKind(Read, "write", read),
}
