"""Quick responses over REST."""

from typing import Annotated

from litestar import Response, delete, get, post, put
from litestar.params import JSONBody, PathParameter

from api import idempotency
from api.chat.quick import actions
from api.chat.quick.types import QuickDraft, Template, TemplateChange, TemplateDraft, Templates
from api.chat.types import Message
from api.errors import KeyTaken, NotFound, RoomClosed, TextRejected, TooMany
from api.ids import PLATFORM_ID, BookingPath
from api.requests import Request

KeyPath = Annotated[str, PathParameter(name="responseKey", pattern=PLATFORM_ID)]


@post(
    "/booking/{bookingId:str}/quick-response",
    status_code=201,
    raises=[NotFound, RoomClosed, TextRejected],
    opt={"bucket": "send"},
)
async def respond(booking_id: BookingPath, data: JSONBody[QuickDraft], request: Request) -> Response[Message]:
    """Send a quick response: one of the platform's four, a `custom` text, or one of your own with its fields filled in.

    It is a message like any other; a `clientMessageId` makes it safe to send again.
    """
    return await idempotency.post(request, 201, actions.respond, request.actor, booking_id, data, request.settings)


@get("/quick-responses")
async def templates(request: Request) -> Templates:
    """The platform's four, then your own by key; and the variables that a text of your own may hold."""
    return await request.db.read(actions.listed, request.actor)


@post("/quick-responses", status_code=201, raises=[KeyTaken, TooMany])
async def add(data: JSONBody[TemplateDraft], request: Request) -> Response[Template]:
    """Save a quick response of your own. A field that there is not is refused here, and never sent."""
    return await idempotency.post(request, 201, actions.add, request.actor, data, request.settings)


@put("/quick-responses/{responseKey:str}", raises=[NotFound])
async def change(response_key: KeyPath, data: JSONBody[TemplateChange], request: Request) -> Template:
    """Give one of your own another text and title."""
    return await request.db.write(actions.change, request.actor, response_key, data, request.settings)


@delete("/quick-responses/{responseKey:str}", raises=[NotFound])
async def remove(response_key: KeyPath, request: Request) -> None:
    """Remove one of your own. Messages sent with it stay as they are."""
    await request.db.write(actions.remove, request.actor, response_key)


handlers = [respond, templates, add, change, remove]
