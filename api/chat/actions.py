"""What happens in a room."""

import itertools
from collections.abc import Sequence

import msgspec

from api import ids, paging
from api.auth import Actor
from api.chat import access, queries
from api.chat.types import Conversation, ConversationPage, Draft, History, Message, Person, Read, Room, Unread
from api.clock import milliseconds, rfc3339
from api.db import Tx
from api.errors import InvalidRequest
from api.paging import Page

BEGINNING = (2**53, "")


def send(tx: Tx, actor: Actor, booking_id: str, draft: Draft, most_characters: int) -> Message:
    """Store a message. A `client_message_id` seen before returns the first message. Raises NotFound, InvalidRequest."""
    _check_text(draft.text, most_characters)
    room = access.room_for_writing(tx, actor, booking_id)
    # A clock that was set back must not make a later message look older.
    moment = max(tx.now, room.last_message_at)
    message = Message(
        id=ids.new("msg", tx.now),
        booking_id=booking_id,
        seq=room.last_seq + 1,
        sender=Person(actor.id, actor.role, actor.name),
        type=draft.type,
        text=draft.text,
        client_message_id=draft.client_message_id,
        created_at=rfc3339(moment),
    )
    if not queries.insert_message(tx, message, moment):
        # The seq was only looked at, not drawn: no gap.
        return _read_by(tx, [queries.message_by_client_id(tx, booking_id, actor.id, draft.client_message_id)])[0]
    queries.advance(tx, booking_id, message.seq, moment)
    queries.tell_members(tx, booking_id, actor.id, moment)
    return message


def _check_text(text: str, most_characters: int) -> None:
    if len(text) > most_characters:
        raise InvalidRequest.at("/text", "too_long", f"has more than {most_characters} characters")
    if not text.strip():
        raise InvalidRequest.at("/text", "blank", "says nothing")


def history(
    tx: Tx, actor: Actor, booking_id: str, *, before: int | None, after: int | None, around: int | None, limit: int
) -> History:
    """A page of a room, the newest where no place is given. Raises NotFound."""
    room = access.room_for_reading(tx, actor, booking_id)
    if after is not None:
        items = queries.messages_after(tx, booking_id, after, room.last_seq, limit)
    elif around is not None:
        earlier = queries.messages_before(tx, booking_id, min(around, room.last_seq + 1), limit // 2)
        items = earlier + queries.messages_after(tx, booking_id, around - 1, room.last_seq, limit - len(earlier))
    else:
        end = room.last_seq + 1 if before is None else min(before, room.last_seq + 1)
        items = queries.messages_before(tx, booking_id, end, limit)
    return _history(tx, room, items, after or 0)


def _history(tx: Tx, room: Room, items: list[Message], after: int) -> History:
    if not items:
        return History([], has_more_before=room.last_seq > 0 and after > 0, has_more_after=False)
    return History(_read_by(tx, items), has_more_before=items[0].seq > 1, has_more_after=items[-1].seq < room.last_seq)


def _read_by(tx: Tx, messages: list[Message]) -> list[Message]:
    """Messages of one room, with who else has read each."""
    readers = queries.read_positions(tx, messages[0].booking_id)
    for message in messages:
        message.read_by = [user for user, seq in readers if seq >= message.seq and user != message.sender.id]
    return messages


def read(tx: Tx, actor: Actor, marks: Read) -> Unread:
    """Move the caller's read markers forward, never back; what is not theirs is ignored. Raises InvalidRequest."""
    by_place = marks.booking_id is not None and marks.seq is not None
    if by_place is (marks.message_ids is not None) or (marks.booking_id is None) is not (marks.seq is None):
        raise InvalidRequest("Send either messageIds, or bookingId and seq.")
    places = [(marks.booking_id or "", marks.seq or 0)]
    if marks.message_ids is not None:
        places = queries.places(tx, actor.id, marks.message_ids)
    for booking_id, seq in places:
        _read_up_to(tx, actor, booking_id, seq)
    return Unread(queries.unread_total(tx, actor.id))


def _read_up_to(tx: Tx, actor: Actor, booking_id: str, seq: int) -> None:
    room = queries.lock_seen_room(tx, booking_id, actor.id)
    if room is not None and min(seq, room.last_seq) > room.read_seq:
        queries.mark_read(tx, booking_id, actor.id, min(seq, room.last_seq), room.last_seq)


def conversations(
    tx: Tx, actor: Actor, *, status: str | None, cursor: str | None, limit: int, with_total: bool
) -> ConversationPage:
    """The caller's rooms, the latest first. What moves after the first page was read is not shown on a later one."""
    filters = [actor.id, status]
    back, pinned, place = False, tx.now, BEGINNING
    if cursor is not None:
        back, pinned, *spot = paging.decode(cursor, filters, (bool, int, int, str))
        place = (spot[0], spot[1])
    fetch = queries.conversations_after if back else queries.conversations_before
    found = fetch(tx, actor.id, status, pinned, place, limit + 1)
    more, found = len(found) > limit, found[:limit]
    if back:
        found.reverse()
    _with_members(tx, found)

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


def _with_members(tx: Tx, found: Sequence[Conversation]) -> None:
    members = queries.members_of(tx, [item.booking_id for item in found]) if found else []
    by_room = {
        room: [person for _, person in group] for room, group in itertools.groupby(members, lambda pair: pair[0])
    }
    for item in found:
        item.members = by_room.get(item.booking_id, [])


def open_room(tx: Tx, booking_id: str, people: Sequence[str]) -> None:
    """The room of a booking that was just recorded."""
    queries.insert_room(tx, booking_id)
    for user_id in people:
        queries.add_member(tx, booking_id, user_id)


def change_members(tx: Tx, booking_id: str, people: Sequence[str]) -> None:
    """Whoever is no longer among `people` keeps what was written until now; who is new sees all of it."""
    last_seq = queries.lock_room_row(tx, booking_id)
    present = queries.present_members(tx, booking_id)
    for user_id in present:
        if user_id not in people:
            queries.end_membership(tx, booking_id, user_id, last_seq)
    for user_id in people:
        if user_id not in present:
            queries.add_member(tx, booking_id, user_id)
