"""The platform's own back end (role `service`) keeps us up to date here."""

from litestar import Response, Router, get, post, put
from litestar.params import JSONBody

from api import idempotency
from api.errors import NotFound, PreconditionFailed, UnknownBooking, UnknownUser
from api.etags import NOT_MODIFIED, conditional, created, if_match, tag
from api.ids import BookingPath, UserPath
from api.platform import actions, queries
from api.platform.types import Booking, BookingDraft, EventDraft, PlatformEvent, User, UserDraft
from api.requests import Request


@put("/users/{userId:str}", raises=[PreconditionFailed], responses={201: created(User)})
async def put_user(user_id: UserPath, data: JSONBody[UserDraft], request: Request) -> Response[User]:
    """Record a user. Repeat it as often as you like: the same record changes nothing.

    `disabled: true` refuses every token of the user; a changed role refuses the tokens with the old one. 201 when new.
    """
    forget = request.app.state.tokens.forget
    user, new = await request.db.write(actions.put_user, user_id, data, if_match(request), forget)
    return Response(user, status_code=201 if new else 200, headers={"ETag": tag(user.version)})


@get("/users/{userId:str}", raises=[NotFound, PreconditionFailed], responses=NOT_MODIFIED)
async def get_user(user_id: UserPath, request: Request) -> Response[User]:
    """A user as recorded."""
    user = await request.db.read(queries.user, user_id)
    if user is None:
        raise NotFound
    return conditional(request, user, tag(user.version))


@post("/users/{userId:str}/revoke", status_code=204, raises=[NotFound])
async def revoke_user(user_id: UserPath, request: Request) -> Response[None]:
    """Refuse every token of the user that was issued in this second or before, everywhere within 5 seconds."""
    return await idempotency.post(request, 204, actions.revoke, user_id, request.app.state.tokens.forget)


@put("/bookings/{bookingId:str}", raises=[UnknownUser, PreconditionFailed], responses={201: created(Booking)})
async def put_booking(booking_id: BookingPath, data: JSONBody[BookingDraft], request: Request) -> Response[Booking]:
    """Record a booking; its chat room exists from then on. 201 when new.

    When the provider or the customer changes, the former one keeps reading what was written until then and hears
    nothing more; the new one sees the room from its start.
    """
    booking, new = await request.db.write(actions.put_booking, booking_id, data, if_match(request), request.settings)
    return Response(booking, status_code=201 if new else 200, headers={"ETag": tag(booking.version)})


@get("/bookings/{bookingId:str}", raises=[NotFound, PreconditionFailed], responses=NOT_MODIFIED)
async def get_booking(booking_id: BookingPath, request: Request) -> Response[Booking]:
    """A booking as recorded."""
    booking = await request.db.read(queries.booking, booking_id)
    if booking is None:
        raise NotFound
    return conditional(request, booking, tag(booking.version))


@post("/events", status_code=201, raises=[UnknownUser, UnknownBooking])
async def take_event(data: JSONBody[EventDraft], request: Request) -> Response[PlatformEvent]:
    """Tell what happened. An event of a booking becomes a line of the system in its room.

    Repeat it as often as you like: an `id` that is known answers the first event. A change of status may come as an
    event for each user it concerns, as a record of the booking, or as all of these, in any order: the room says it
    once.
    """
    return await idempotency.post(request, 201, actions.take_event, data, request.actor.id)


router = Router(
    path="/platform",
    route_handlers=[put_user, get_user, revoke_user, put_booking, get_booking, take_event],
    opt={"roles": ("service",)},
    tags=["Platform"],
)
