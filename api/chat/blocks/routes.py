"""Blocking over REST."""

from typing import Annotated

from litestar import delete, get, put
from litestar.params import PathParameter

from api.chat.blocks import actions, queries
from api.chat.blocks.types import BlockedPeople
from api.errors import Forbidden, NotFound
from api.ids import PLATFORM_ID
from api.requests import Request

BlockedPath = Annotated[str, PathParameter(name="blockedId", pattern=PLATFORM_ID)]


@get("/blocks")
async def blocked(request: Request) -> BlockedPeople:
    """Whom you have blocked."""
    return BlockedPeople(await request.db.read(queries.blocked, request.actor.id))


@put("/blocks/{blockedId:str}", status_code=204, raises=[NotFound, Forbidden])
async def block(blocked_id: BlockedPath, request: Request) -> None:
    """Take no more messages from somebody you share a room with, nor write to them: in all rooms of you two alone.

    What the room says about the booking still comes, and reading goes on. In a room with others in it, both of you
    still write to those. The other one is not told, but finds messages refused.
    """
    await request.db.write(actions.block, request.actor, blocked_id)


@delete("/blocks/{blockedId:str}", status_code=204, raises=[NotFound])
async def unblock(blocked_id: BlockedPath, request: Request) -> None:
    """Take their messages again."""
    await request.db.write(actions.unblock, request.actor, blocked_id)


handlers = [blocked, block, unblock]
