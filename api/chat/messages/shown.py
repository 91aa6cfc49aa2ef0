"""Messages as one reader is shown them: who has read each, files that open for them, and what is held from others."""

from collections.abc import Sequence

from api.auth import Actor
from api.chat import queries as rooms
from api.chat.filter.queries import held_texts
from api.chat.messages.drafts import WITH_FILES
from api.chat.readers import name_readers
from api.chat.types import Message, Room
from api.db import Tx
from api.files import links
from api.files.actions import attached


def shown(tx: Tx, actor: Actor, room: Room, messages: Sequence[Message]) -> list[Message]:
    """Messages of one room."""
    progress = rooms.progress(tx, room.booking_id, actor.id) if room.left_with is None else room.left_with.progress
    for message in messages:
        name_readers(message, progress)
    return with_files(tx, actor, messages)


def with_files(tx: Tx, actor: Actor, messages: Sequence[Message]) -> list[Message]:
    _held(tx, actor, [message for message in messages if message.held])
    holders = [
        message
        for message in messages
        if message.type in WITH_FILES
        and message.deleted_at is None
        and not (message.held and message.sender.id != actor.id)
    ]
    if holders:
        found = attached(tx, "chat", [message.id for message in holders])
        signed = {
            item.id: item for item in links.signed(tx, actor, (file for files in found.values() for file in files))
        }
        for message in holders:
            message.attachments = [signed[file.id] for file in found.get(message.id, [])]
    return list(messages)


def _held(tx: Tx, actor: Actor, messages: Sequence[Message]) -> None:
    """Only its sender sees what a held message says."""
    own = [message for message in messages if message.sender.id == actor.id]
    texts = dict(held_texts(tx, [message.id for message in own])) if own else {}
    for message in messages:
        if message.sender.id == actor.id:
            message.text = texts[message.id]
        else:
            message.location = None
