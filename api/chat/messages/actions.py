"""Messages are sent, edited, deleted and read."""

from collections.abc import Iterator

import msgspec

from api import ids
from api.auth import Actor
from api.chat import access
from api.chat import queries as rooms
from api.chat.blocks.refusal import refusal
from api.chat.filter import actions as content
from api.chat.filter.queries import withdraw
from api.chat.filter.types import Verdict
from api.chat.messages import drafts, queries
from api.chat.messages.shown import shown
from api.chat.search import actions as search
from api.chat.stats import actions as stats
from api.chat.types import SYSTEM, Draft, Edit, History, Message, MessageChange, Person, Place, Room
from api.chat.waiting import actions as waiting
from api.clock import milliseconds, rfc3339
from api.db import Tx
from api.errors import NotEditable, NotFound, Problem, RoomClosed
from api.files import links
from api.files.actions import attach
from api.live import stream
from api.settings import Settings

MINUTE = 60_000


def send(tx: Tx, actor: Actor, booking_id: str, draft: Draft, settings: Settings) -> Message:
    """Store a message and tell the room. A `client_message_id` seen before returns the first message.

    Raises NotFound, InvalidRequest, RoomClosed, Blocking, MessagesRefused, TextRejected, FileNotReady,
    FileQuarantined.
    """
    drafts.check(draft, settings.chat_message_limit)
    room = access.present_room(tx, actor, booking_id)
    if draft.reply_to is not None and not queries.stands_in(tx, booking_id, draft.reply_to):
        raise NotFound
    verdict = content.judged(tx, actor, booking_id, draft.text or "", settings)
    held = verdict.outcome == "hold"
    # A clock that was set back must not make a later message look older.
    moment = max(tx.now, room.last_message_at)
    message = Message(
        id=ids.new("msg", tx.now),
        booking_id=booking_id,
        seq=room.last_seq + 1,
        sender=Person(actor.id, actor.role, actor.name),
        type=draft.type,
        text="" if held else verdict.text,
        location=drafts.kept(draft.location),
        reply_to=draft.reply_to,
        client_message_id=draft.client_message_id,
        created_at=rfc3339(moment),
        held=held,
    )
    refused = _refused(tx, actor, room, verdict)
    if refused or not queries.insert_message(tx, message, moment):
        # The seq was only looked at, not drawn: no gap.
        return _earlier(tx, actor, room, draft, refused or RoomClosed())
    if draft.attachment_ids is not None:
        message.attachments = attach(tx, actor, draft.attachment_ids, "chat", message.id)
        drafts.check_files(draft.type, message.attachments, settings)
    rooms.advance(tx, booking_id, message.seq, moment)
    present = rooms.count_unread(tx, booking_id, actor.id, moment)
    if verdict.findings:
        content.keep(tx, message.id, draft.text or "", verdict)
    search.enter(tx, message, present)
    stats.count(tx, actor, room, present, moment)
    _tell_created(tx, message, draft.text or "", present)
    # What the room was told is the same for all; the sender's own addresses are only in the answer.
    if message.attachments:
        message.attachments = links.signed(tx, actor, message.attachments)
    if verdict.findings:
        if held:
            message.text = draft.text or ""
        message.warnings = content.warnings(verdict)
    return message


def _refused(tx: Tx, actor: Actor, room: Room, verdict: Verdict) -> Problem | None:
    if room.is_closed(tx.now):
        return RoomClosed()
    return refusal(tx, actor, room) or (content.rejection(verdict) if verdict.outcome == "reject" else None)


def _tell_created(tx: Tx, message: Message, written: str, present: list[str]) -> None:
    """What is held, only its sender hears; the others hear that there is something."""
    for user_id in present:
        if user_id != message.sender.id:
            waiting.message_came(tx, message.booking_id, user_id)
    if not message.held:
        stream.tell(tx, map(stream.user_topic, present), "message.created", message.id, message)
        return
    sender = message.sender.id
    own = msgspec.structs.replace(message, text=written)
    others = msgspec.structs.replace(message, attachments=[], location=None)
    stream.tell(tx, [stream.user_topic(sender)], "message.created", message.id, own)
    topics = [stream.user_topic(user_id) for user_id in present if user_id != sender]
    stream.tell(tx, topics, "message.created", message.id, others)


def _earlier(tx: Tx, actor: Actor, room: Room, draft: Draft, otherwise: Problem) -> Message:
    """What was sent with this draft's client id before: a closed room answers that too. Raises `otherwise`."""
    found = draft.client_message_id and queries.message_by_client_id(
        tx, room.booking_id, actor.id, draft.client_message_id
    )
    if not found:
        raise otherwise
    found.warnings = content.warnings_of(tx, found.id, found.version)
    return shown(tx, actor, room, [found])[0]


def announce(tx: Tx, booking_id: str, place: Place, text: str) -> Message:
    """The system says something, under the room's lock; it counts as unread for nobody."""
    moment = max(tx.now, place.last_message_at)
    message = Message(
        id=ids.new("msg", tx.now),
        booking_id=booking_id,
        seq=place.last_seq + 1,
        sender=SYSTEM,
        type="system",
        text=text,
        created_at=rfc3339(moment),
    )
    queries.insert_message(tx, message, moment)
    rooms.advance(tx, booking_id, message.seq, moment)
    present = rooms.touch(tx, booking_id, moment)
    search.enter(tx, message, present)
    stream.tell(tx, map(stream.user_topic, present), "message.created", message.id, message)
    return message


def edit(tx: Tx, actor: Actor, message_id: str, change: Edit, settings: Settings) -> Message:
    """Replace one's own text; the one before is kept for reviewers.

    Raises NotFound, InvalidRequest, RoomClosed, Blocking, MessagesRefused, NotEditable, TextRejected.
    """
    room, message = access.own_message(tx, actor, message_id)
    drafts.check_text(message.type, change.text, settings.chat_message_limit)
    if message.deleted_at is not None:
        raise NotEditable("It was deleted.")
    if refused := refusal(tx, actor, room):
        raise refused
    verdict = content.judged(tx, actor, message.booking_id, change.text, settings)
    if verdict.outcome == "reject":
        raise content.rejection(verdict)
    held = verdict.outcome == "hold"
    if held or message.held or message.text != verdict.text:
        _check_changeable(tx, room, message, settings)
        if queries.is_kept_by_others(tx, room.booking_id, message.seq):
            raise NotEditable("Somebody has left the room who keeps it as it was.")
        queries.keep_text(tx, message_id)
        withdraw(tx, message_id)
        queries.edit(tx, message_id, "" if held else verdict.text, held)
        if verdict.findings:
            content.keep(tx, message_id, change.text, verdict)
        message = access.message_for_reading(tx, actor, message_id)
        tell_edited(tx, message)
    message.warnings = content.warnings(verdict)
    return shown(tx, actor, room, [message])[0]


def delete(tx: Tx, actor: Actor, message_id: str, settings: Settings) -> Message:
    """Leave an empty message in the place of one's own. Again it changes nothing.

    Raises NotFound, RoomClosed, NotEditable.
    """
    room, message = access.own_message(tx, actor, message_id)
    if message.deleted_at is None:
        _check_changeable(tx, room, message, settings)
        queries.keep_text(tx, message_id)
        withdraw(tx, message_id)
        queries.delete(tx, message_id)
        message = access.message_for_reading(tx, actor, message_id)
        tell_deleted(tx, message)
    return shown(tx, actor, room, [message])[0]


def _check_changeable(tx: Tx, room: Room, message: Message, settings: Settings) -> None:
    if room.is_closed(tx.now):
        raise RoomClosed
    if tx.now >= milliseconds(message.created_at) + settings.message_edit_minutes * MINUTE:
        raise NotEditable


def tell_edited(tx: Tx, message: Message) -> None:
    """A message says something else now: it is found by that, and whoever hears of it reads it anew."""
    change = _changed(tx, message)
    stream.tell(tx, _hearers(tx, message), "message.edited", message.id, change)


def tell_deleted(tx: Tx, message: Message) -> None:
    change = _changed(tx, message)
    stream.tell(tx, _hearers(tx, message), "message.deleted", message.id, change)


def _changed(tx: Tx, message: Message) -> MessageChange:
    """What the index and the streams hold of the earlier text is gone."""
    search.change(tx, message)
    stream.blank(tx, message.id)
    return MessageChange(message.id, message.booking_id, message.seq, message.version)


def _hearers(tx: Tx, message: Message) -> Iterator[str]:
    return map(stream.user_topic, rooms.present_members(tx, message.booking_id))


def one(tx: Tx, actor: Actor, message_id: str) -> Message:
    """Raises NotFound."""
    message = access.message_for_reading(tx, actor, message_id)
    room = access.room_for_reading(tx, actor, message.booking_id)
    return shown(tx, actor, room, [message])[0]


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
    return History(shown(tx, actor, room, items), items[0].seq > 1, items[-1].seq < last)
