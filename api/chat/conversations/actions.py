"""The rooms of a caller."""

import itertools
from collections.abc import Sequence

import msgspec

from api import paging
from api.auth import Actor
from api.chat import queries as rooms
from api.chat.conversations import queries
from api.chat.messages.shown import with_files
from api.chat.readers import name_readers
from api.chat.types import Conversation, ConversationPage, Person
from api.clock import milliseconds
from api.db import Tx
from api.paging import Page

BEGINNING = (2**53, "")


def conversations(
    tx: Tx, actor: Actor, *, status: str | None, cursor: str | None, limit: int, with_total: bool
) -> ConversationPage:
    """The caller's rooms, the latest first. What moves after the first page was read is not shown on a later one."""
    filters = [actor.id, status]
    back, place = False, BEGINNING
    if cursor is None:
        pinned = max(tx.now, queries.latest_activity(tx, actor.id))
    else:
        back, pinned, *spot = paging.decode(cursor, filters, (bool, int, int, str))
        place = (spot[0], spot[1])
    fetch = queries.conversations_after if back else queries.conversations_before
    found = fetch(tx, actor.id, status, pinned, place, limit + 1)
    more, found = len(found) > limit, found[:limit]
    if back:
        found.reverse()
    with_members(tx, actor.id, found)
    with_files(tx, actor, [item.last_message for item in found if item.last_message])

    def edge(item: Conversation, back: bool) -> str:
        return paging.encode(filters, (back, pinned, milliseconds(item.active_at), item.booking_id))

    further, earlier = (True, more) if back else (more, cursor is not None)
    page = Page(
        next=edge(found[-1], False) if found and further else None,
        prev=edge(found[0], True) if found and earlier else None,
        has_more=further and bool(found),
    )
    total = queries.count_conversations(tx, actor.id, status) if with_total else msgspec.UNSET
    return ConversationPage(found, page, total)


def with_members(tx: Tx, viewer_id: str, found: Sequence[Conversation]) -> None:
    """For the rooms of a present member; a former one has them already."""
    present = [item for item in found if not item.members]
    members = rooms.members_of(tx, [item.booking_id for item in present], viewer_id) if present else []
    by_room = {room: list(group) for room, group in itertools.groupby(members, lambda member: member.booking_id)}
    for item in present:
        people = by_room[item.booking_id]
        item.members = [Person(member.id, member.role, member.name) for member in people if member.until_seq is None]
        if item.last_message:
            name_readers(item.last_message, people)
