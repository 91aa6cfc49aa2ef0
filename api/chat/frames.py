"""Chat over the socket: the fields of the REST bodies, and `bookingId`."""

from api.chat.messages import actions as messages
from api.chat.receipts import actions as receipts
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
    return await caller.db.write(messages.send, caller.actor, frame.booking_id, frame.message, caller.settings)


async def read(caller: Caller, frame: Read) -> Unread:
    return await caller.db.write(receipts.read, caller.actor, frame)


kinds = {
    "message.send": FrameKind(SendFrame, "send", send),
    "messages.read": FrameKind(Read, "write", read),
}
