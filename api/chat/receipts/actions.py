"""How far each member has read."""

from api.auth import Actor
from api.chat import queries as rooms
from api.chat.actions import tell_conversation
from api.chat.conversations import queries as conversations
from api.chat.privacy.queries import privacy_of
from api.chat.receipts import queries
from api.chat.types import Read, Receipt, Unread
from api.chat.waiting import actions as waiting
from api.db import Tx
from api.errors import InvalidRequest
from api.live import stream


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
    if room is None or seq < room.read_seq:
        return
    if seq == room.read_seq:
        if conversations.mark_unread(tx, booking_id, actor.id, False):
            tell_conversation(tx, booking_id, [actor.id])
        return
    unread = queries.mark_read(tx, booking_id, actor.id, seq, room.last_seq)
    if unread == 0:
        waiting.room_was_read(tx, booking_id, actor.id)
    receipt = Receipt(booking_id, actor.id, seq, unread)
    shown = privacy_of(tx, actor.id).receipts
    hearers = {actor.id, *(rooms.present_members(tx, booking_id) if shown else ())}
    stream.tell(tx, map(stream.user_topic, hearers), "messages.read", booking_id, receipt)
