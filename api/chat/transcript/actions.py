"""The whole of a room, read by the page so that its length does not matter."""

from collections.abc import AsyncIterator

from api.auth import Actor
from api.chat import access
from api.chat.conversations.actions import with_members
from api.chat.conversations.queries import conversation_of
from api.chat.messages.actions import history
from api.chat.transcript.formats import Format
from api.chat.transcript.types import Heading
from api.clock import rfc3339
from api.db import Database, Tx

PAGE = 200


def heading(tx: Tx, actor: Actor, booking_id: str) -> Heading:
    """Raises NotFound."""
    room = access.room_for_reading(tx, actor, booking_id)
    seen = conversation_of(tx, booking_id, actor.id)
    with_members(tx, actor.id, [seen])
    return Heading(booking_id, seen.service, seen.members, rfc3339(tx.now), room.last_seq)


async def pieces(db: Database, actor: Actor, heading: Heading, form: Format) -> AsyncIterator[str]:
    """Each page is a look of its own, by somebody who may still look."""
    yield form.before(heading)
    seq, joint = 0, ""
    while seq < heading.last_seq:
        page = await db.read(history, actor, heading.booking_id, before=None, after=seq, around=None, limit=PAGE)
        messages = [message for message in page.items if message.seq <= heading.last_seq]
        if not messages:
            break
        yield joint + form.page(messages)
        seq, joint = messages[-1].seq, form.joint
    yield form.after
