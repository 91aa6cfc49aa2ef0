"""Members of a room over REST."""

from typing import Annotated

from litestar import Response, delete, post
from litestar.params import JSONBody, QueryParameter

from api import idempotency
from api.chat.members import actions
from api.chat.members.types import MemberDraft
from api.chat.types import Person
from api.errors import NotFound, TooMany
from api.ids import PLATFORM_ID, BookingPath
from api.requests import Request

ROLES = ("provider", "customer", "agent", "admin", "service")
UserId = Annotated[str, QueryParameter(name="userId", pattern=PLATFORM_ID, description="Who leaves the room.")]


@post("/booking/{bookingId:str}/members", status_code=201, raises=[NotFound, TooMany], opt={"roles": ROLES})
async def add(booking_id: BookingPath, data: JSONBody[MemberDraft], request: Request) -> Response[Person]:
    """Bring somebody into a room; everybody there is told, and they see the room from its start.

    The booking's provider adds another provider, an agent joins a disputed booking, the platform adds anybody.
    """
    return await idempotency.post(request, 201, actions.add, request.actor, booking_id, data)


@delete("/booking/{bookingId:str}/members", raises=[NotFound], opt={"roles": ROLES})
async def remove(booking_id: BookingPath, user_id: UserId, request: Request) -> None:
    """Take somebody out of a room: whom you added, or yourself. They keep reading what was written until then.

    From this answer on nothing more reaches them. The provider and the customer of the booking stay.
    """
    await request.db.write(actions.remove, request.actor, booking_id, user_id)


handlers = [add, remove]
