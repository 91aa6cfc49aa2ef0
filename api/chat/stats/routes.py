"""Figures of the caller's chats over REST."""

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from api.chat.stats import actions
from api.chat.stats.types import Stats
from api.chat.stats.window import PATTERN
from api.requests import Request

MOMENT = "A date, or a time at a whole quarter of an hour; without an offset, as the clocks of `timezone` show it."


@get("/stats")
async def stats(
    request: Request,
    start: Annotated[str | None, QueryParameter(name="from", pattern=PATTERN, description=MOMENT)] = None,
    end: Annotated[str | None, QueryParameter(name="to", pattern=PATTERN, description=MOMENT)] = None,
    timezone: Annotated[str, QueryParameter(max_length=64, description="An IANA time zone.")] = "UTC",
) -> Stats:
    """How many conversations and messages you have, and how many you answer how soon: from `from` to before `to`.

    At most 400 days; without `to` until now, without `from` the 30 days before.
    """
    return await request.db.read(actions.stats, request.actor, start, end, timezone)


handlers = [stats]
