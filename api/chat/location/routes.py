"""Live location over REST and over the socket."""

from litestar import Response, get, post
from litestar.params import JSONBody

from api import idempotency
from api.chat.location import actions
from api.chat.location.types import Positions, Share, ShareDraft, ShareFrame
from api.errors import BookingNotActive, NotFound
from api.ids import BookingPath
from api.live.wire import Caller, FrameKind
from api.requests import Request


@post("/booking/{bookingId:str}/location", status_code=200, raises=[NotFound, BookingNotActive])
async def share(booking_id: BookingPath, data: JSONBody[ShareDraft], request: Request) -> Response[Share]:
    """Show the other members where you are, for 15 minutes or as long as you say, or stop.

    Only the last position is kept, and it is deleted at the end of the time, at `stop`, and when the booking ends.
    """
    return await idempotency.post(request, 200, actions.share, request.actor, booking_id, data)


@get("/booking/{bookingId:str}/location", raises=[NotFound])
async def positions(booking_id: BookingPath, request: Request) -> Positions:
    """Where those members are who share it now."""
    return await request.db.read(actions.positions, request.actor, booking_id)


async def share_frame(caller: Caller, frame: ShareFrame) -> Share:
    return await caller.db.write(actions.share, caller.actor, frame.booking_id, frame)


handlers = [share, positions]
kinds = {"location": FrameKind(ShareFrame, "write", share_frame)}
