"""Who is there and who is writing, over REST."""

from litestar import get, post
from litestar.params import JSONBody

from api.chat.presence import actions
from api.chat.presence.types import OnlineStatuses, TypingDraft
from api.errors import NotFound, RoomClosed
from api.ids import BookingPath
from api.requests import Request


@post("/booking/{bookingId:str}/typing", status_code=204, raises=[NotFound, RoomClosed], opt={"bucket": "typing"})
async def type_(booking_id: BookingPath, data: JSONBody[TypingDraft], request: Request) -> None:
    """Tell the other members that you write, or that you stopped.

    It runs out by itself: repeat it every few seconds while it lasts. Repeats within 3 seconds are not passed on.
    """
    await request.app.state.typists.type(request.db, request.actor, booking_id, data.typing)


@get("/booking/{bookingId:str}/online-status", raises=[NotFound])
async def online_status(booking_id: BookingPath, request: Request) -> OnlineStatuses:
    """Who of the room's members has a socket open on any device, and when each was last seen with one."""
    return await request.db.read(actions.online_status, request.actor, booking_id)


handlers = [type_, online_status]
