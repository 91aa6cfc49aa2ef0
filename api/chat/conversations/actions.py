"""The rooms of a caller."""

import itertools
from collections.abc import Sequence

import msgspec

from api import paging
from api.auth import Actor
from api.chat import access
from api.chat import queries as rooms
from api.chat.blocks import queries as blocks
from api.chat.conversations import queries
from api.chat.messages.shown import with_files
from api.chat.readers import name_readers
from api.chat.types import Chosen, Conversation, ConversationPage, Person, RoomState
from api.db import Tx
from api.platform.types import BookingStatus
from api.search.words import query, words

BEGINNING = (2**53, "")
# No word has a blank at its beginning.
NO_WORD = " "


def conversations(
    tx: Tx,
    actor: Actor,
    *,
    status: BookingStatus | None,
    state: RoomState | None,
    q: str | None,
    cursor: str | None,
    limit: int,
    with_total: bool,
) -> ConversationPage:
    """The caller's rooms, the latest first. What moves after the first page was read is not shown on a later one."""
    filters = [actor.id, status, state, q]
    back, place = False, BEGINNING
    if cursor is None:
        pinned = max(tx.now, queries.latest_activity(tx, actor.id))
    else:
        back, pinned, *spot = paging.decode(cursor, filters, (bool, int, int, str))
        place = (spot[0], spot[1])
    chosen = Chosen(status, state, None if q is None else _beginnings(q))
    fetch = queries.places_after if back else queries.places_before
    places = fetch(tx, actor.id, chosen, pinned, place, limit + 1)

    def edge(place: tuple[int, str], back: bool) -> str:
        return paging.encode(filters, (back, pinned, *place))

    places, page = paging.cut(places, limit, back=back, first=cursor is None, edge=edge)
    found = queries.conversations(tx, actor.id, [booking_id for _, booking_id in places])
    with_members(tx, actor.id, found)
    with_files(tx, actor, [item.last_message for item in found if item.last_message])
    return ConversationPage(found, page, queries.count(tx, actor.id, chosen) if with_total else msgspec.UNSET)


def one(tx: Tx, actor: Actor, booking_id: str) -> Conversation:
    """Raises NotFound."""
    access.room_for_reading(tx, actor, booking_id)
    found = queries.conversation_of(tx, booking_id, actor.id)
    with_members(tx, actor.id, [found])
    with_files(tx, actor, [found.last_message] if found.last_message else [])
    return found


def _beginnings(q: str) -> tuple[str, ...]:
    """Words as they are kept; what has none is found in no room."""
    asked = query(q)
    if asked is None:
        return (NO_WORD,)
    return (*(f"{word} " for word in asked.words), *([asked.prefix] if asked.prefix else []))


def name(tx: Tx, found: Conversation, user_id: str) -> None:
    """Let a room be found by its booking and by the others in it."""
    others = (member.name for member in found.members if member.id != user_id)
    queries.forget_words(tx, found.booking_id, user_id)
    kept = [f"{word} " for word in words(" ".join([found.booking_id, found.service, *others]))]
    queries.insert_words(tx, found.booking_id, user_id, kept)


def with_members(tx: Tx, viewer_id: str, found: Sequence[Conversation]) -> None:
    """And whom of them the viewer has blocked; a former member's rooms have their members already."""
    present = [item for item in found if not item.members]
    members = rooms.members_of(tx, [item.booking_id for item in present], viewer_id) if present else []
    by_room = {room: list(group) for room, group in itertools.groupby(members, lambda member: member.booking_id)}
    for item in present:
        people = by_room[item.booking_id]
        item.members = [Person(member.id, member.role, member.name) for member in people if member.until_seq is None]
        if item.last_message:
            name_readers(item.last_message, people)
    everybody = sorted({member.id for item in found for member in item.members})
    blocked = set(blocks.blocked_among(tx, viewer_id, everybody))
    for item in found:
        item.blocked = [member.id for member in item.members if member.id in blocked]
