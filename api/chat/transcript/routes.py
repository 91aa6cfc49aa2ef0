"""Transcripts over REST."""

from typing import Annotated, Literal

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from api.chat.transcript import actions
from api.chat.transcript.formats import FORMATS, POLICY
from api.errors import NotFound
from api.ids import BookingPath
from api.requests import Request

Wanted = Annotated[Literal["json", "text", "html"], QueryParameter(name="format")]


@get("/booking/{bookingId:str}/transcript", raises=[NotFound], opt={"bucket": "search"})
async def transcript(booking_id: BookingPath, request: Request, form: Wanted = "json") -> Stream:
    """All of a room up to this moment, to be kept as a file: JSON, plain text, or a page that needs nothing else.

    It comes in pieces; one that was cut off does not end as it should.
    """
    heading = await request.db.read(actions.heading, request.actor, booking_id)
    chosen = FORMATS[form]
    headers = {
        # Ids of bookings hold nothing that a header or a file's name could trip over, but for the colon.
        "Content-Disposition": f'attachment; filename="booking-{booking_id.replace(":", "_")}.{chosen.suffix}"',
        "Content-Security-Policy": POLICY,
    }
    pieces = actions.pieces(request.db, request.actor, heading, chosen)
    return Stream(pieces, media_type=chosen.media_type, headers=headers)


handlers = [transcript]
