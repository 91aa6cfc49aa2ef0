"""Messages are found by their words, by those who may read them."""

import itertools
from collections.abc import Iterable, Iterator, Sequence

from api import paging
from api.auth import Actor
from api.chat import access
from api.chat.messages.shown import shown
from api.chat.search import queries
from api.chat.search.types import SearchPage
from api.chat.types import Message
from api.db import Tx
from api.outbox import queries as outbox
from api.outbox.loop import Work
from api.outbox.types import Due
from api.search import index
from api.search.index import NEWEST, mark
from api.search.words import Query, query

# Each of them is four statements.
CHUNK = 50


def enter(tx: Tx, message: Message, present: Iterable[str]) -> None:
    """A new message is found by those who are present."""
    index.add(tx, message.id, message.text, _marks(message, present))


def change(tx: Tx, message: Message) -> None:
    """It says something else now, or nothing more, to all who may read it."""
    index.change(tx, message.id, message.text, _marks(message, queries.readers_of(tx, message.booking_id, message.seq)))


def _marks(message: Message, readers: Iterable[str]) -> list[str]:
    return [mark("room", message.booking_id), *(mark("reader", user_id) for user_id in readers)]


def admit(tx: Tx, booking_id: str, user_id: str, before: int = NEWEST) -> None:
    """Somebody has come into a room: they find what was written there before, too; in a long room a little later."""
    found = queries.ids_before(tx, booking_id, before, CHUNK)
    for message_id, _ in found:
        index.add_marks(tx, message_id, [mark("reader", user_id)])
    if len(found) == CHUNK:
        outbox.add(tx, "chat.admit", f"{booking_id}/{user_id}/{found[-1][1]}", "{}", tx.now)


def _go_on(tx: Tx, row: Due) -> None:
    booking_id, user_id, before = row.subject.split("/")
    admit(tx, booking_id, user_id, int(before))


works = {"chat.admit": Work(within=_go_on)}


def search(tx: Tx, actor: Actor, *, q: str, booking_id: str | None, cursor: str | None, limit: int) -> SearchPage:
    """The caller's messages with all of the words of `q`, the newest first. Raises NotFound."""
    marks = [mark("reader", actor.id)]
    if booking_id is not None:
        access.room_for_reading(tx, actor, booking_id)
        marks.append(mark("room", booking_id))
    filters = [actor.id, q, booking_id]
    back, place = (False, NEWEST) if cursor is None else paging.decode(cursor, filters, (bool, int))
    asked = query(q)
    hits = _readable(tx, actor, asked, marks, place, limit + 1, back) if asked else iter(())
    # Two rooms may share a mark.
    own = (hit for hit in hits if booking_id in (None, hit[1].booking_id))
    found = list(itertools.islice(own, limit + 1))

    def edge(hit: tuple[int, Message], back: bool) -> str:
        return paging.encode(filters, (back, hit[0]))

    found, page = paging.cut(found, limit, back=back, first=cursor is None, edge=edge)
    return SearchPage(_shown(tx, actor, [message for _, message in found]), page)


def _readable(
    tx: Tx, actor: Actor, asked: Query, marks: Sequence[str], place: int, at_once: int, back: bool
) -> Iterator[tuple[int, Message]]:
    """What the index names and the actor may read, with its place there."""
    hits = index.find(tx, asked, marks, place, at_once, back=back)
    while hits:
        readable = {message.id: message for message in queries.readable(tx, actor.id, [hit.subject for hit in hits])}
        yield from ((hit.id, readable[hit.subject]) for hit in hits if hit.subject in readable)
        full = len(hits) == at_once
        hits = index.find(tx, asked, marks, hits[-1].id, at_once, back=back) if full else []


def _shown(tx: Tx, actor: Actor, found: Sequence[Message]) -> list[Message]:
    """As the history shows them."""
    for booking_id in {message.booking_id for message in found}:
        room = access.room_for_reading(tx, actor, booking_id)
        shown(tx, actor, room, [message for message in found if message.booking_id == booking_id])
    return list(found)
