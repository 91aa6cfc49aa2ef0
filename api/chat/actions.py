"""What happens in a room."""

import itertools
from collections.abc import Sequence

import msgspec

from api import ids, paging
from api.auth import Actor
from api.chat import access, queries
from api.chat.types import (
    Conversation,
    ConversationPage,
    Draft,
    History,
    LeftWith,
    Message,
    Person,
    Read,
    Receipt,
    Room,
    Unread,
)
from api.clock import milliseconds, rfc3339
from api.db import Tx
from api.errors import InvalidRequest
from api.live import stream
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
        earlier = queries.message_by_client_id(tx, booking_id, actor.id, draft.client_message_id)
        return _read_by(tx, room, [earlier])[0]
    queries.advance(tx, booking_id, message.seq, moment)
    present = queries.count_unread(tx, booking_id, actor.id, moment)
    stream.tell(tx, map(stream.user_topic, present), "message.created", message.id, message)
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
    last = room.last_seq
    if after is not None:
        items = queries.messages_after(tx, booking_id, after, last, limit)
    elif around is not None:
        middle = max(1, min(around, last))
        items = queries.messages_before(tx, booking_id, middle, limit // 2)
        items += queries.messages_after(tx, booking_id, middle - 1, last, limit - len(items))
    else:
        items = queries.messages_before(tx, booking_id, last + 1 if before is None else min(before, last + 1), limit)
    if not items:
        return History(
            [], has_more_before=after is not None and last > 0, has_more_after=before is not None and before <= last
        )
    return History(_read_by(tx, room, items), items[0].seq > 1, items[-1].seq < last)


def _read_by(tx: Tx, room: Room, messages: list[Message]) -> list[Message]:
    """Messages of a room, with who else has read each."""
    left = room.left_with
    positions = queries.read_positions(tx, room.booking_id) if left is None else list(left.read_seqs.items())
    for message in messages:
        message.read_by = queries.readers(message, positions)
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
    seq = min(seq, room.last_seq) if room else 0
    if room is None or seq <= room.read_seq:
        return
    unread = queries.mark_read(tx, booking_id, actor.id, seq, room.last_seq)
    receipt = Receipt(booking_id, actor.id, seq, unread)
    hearers = {actor.id, *queries.present_members(tx, booking_id)}
    stream.tell(tx, map(stream.user_topic, hearers), "messages.read", booking_id, receipt)


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
    """For the rooms of a present member; a former one has them already."""
    present = [item for item in found if not item.members]
    members = queries.members_of(tx, [item.booking_id for item in present]) if present else []
    by_room = {room: list(group) for room, group in itertools.groupby(members, lambda member: member.booking_id)}
    for item in present:
        people = by_room[item.booking_id]
        item.members = [Person(member.id, member.role, member.name) for member in people if member.until_seq is None]
        if item.last_message is not None:
            positions = sorted((member.id, member.read_seq) for member in people)
            item.last_message.read_by = queries.readers(item.last_message, positions)


def open_room(tx: Tx, booking_id: str, people: Sequence[str]) -> None:
    """The room of a booking that was just recorded."""
    queries.insert_room(tx, booking_id)
    for user_id in people:
        queries.add_member(tx, booking_id, user_id)
    _tell_conversation(tx, booking_id, people)


def _tell_conversation(tx: Tx, booking_id: str, people: Sequence[str]) -> None:
    """Each hears of the room as they see it themselves."""
    for user_id in people:
        found = queries.conversation_of(tx, booking_id, user_id)
        _with_members(tx, [found])
        stream.tell(tx, [stream.user_topic(user_id)], "conversation.updated", booking_id, found)


def dismiss(tx: Tx, booking_id: str, people: Sequence[str]) -> list[str]:
    """Before a booking changes: whoever is no longer among `people` keeps the room as it is now. Who was in it."""
    last_seq = queries.lock_room_row(tx, booking_id)
    present = queries.present_members(tx, booking_id)
    positions = dict(queries.read_positions(tx, booking_id))
    for user_id in present:
        if user_id not in people:
            seen = queries.conversation_of(tx, booking_id, user_id)
            _with_members(tx, [seen])
            left = LeftWith(seen.booking_status, seen.service, seen.scheduled_at, seen.members, positions)
            queries.end_membership(tx, booking_id, user_id, last_seq, left)
    return present


def admit(tx: Tx, booking_id: str, people: Sequence[str], present: Sequence[str]) -> None:
    """After a booking has changed: who is new sees all of its room, and everybody hears of it as they see it."""
    for user_id in people:
        if user_id not in present:
            queries.add_member(tx, booking_id, user_id)
    _tell_conversation(tx, booking_id, list(dict.fromkeys([*present, *people])))
