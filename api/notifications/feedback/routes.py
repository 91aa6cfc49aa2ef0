"""How a job went, in its customer's words."""

from litestar import Response, Router, get, post
from litestar.params import JSONBody

from api import idempotency
from api.errors import FeedbackGiven, NotFound
from api.ids import BookingPath
from api.notifications.feedback import actions, queries
from api.notifications.feedback.types import Feedback, FeedbackDraft
from api.requests import Request


@post("/", status_code=201, raises=[NotFound, FeedbackGiven], opt={"roles": ("customer",)})
async def give(booking_id: BookingPath, data: JSONBody[FeedbackDraft], request: Request) -> Response[Feedback]:
    """Answer how it went, once. Customers are asked an hour after a job; its provider sees the answer."""
    return await idempotency.post(request, 201, actions.give, request.actor, booking_id, data)


@get("/", raises=[NotFound], opt={"roles": ("provider", "customer")})
async def show(booking_id: BookingPath, request: Request) -> Feedback:
    """What the customer of a job was asked and has answered."""
    found = await request.db.read(queries.feedback, booking_id, request.actor.id)
    if found is None:
        raise NotFound
    return found


router = Router("/bookings/{bookingId:str}/feedback", route_handlers=[give, show], tags=["Notifications"])
