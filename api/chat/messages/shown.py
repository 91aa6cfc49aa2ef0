"""Messages as one reader is shown them: who else has read each, and files under addresses that open for them."""

from collections.abc import Sequence

from api.auth import Actor
from api.chat import queries as rooms
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
    holders = [message for message in messages if message.type in WITH_FILES and message.deleted_at is None]
    if holders:
        found = attached(tx, "chat", [message.id for message in holders])
        signed = {
            item.id: item for item in links.signed(tx, actor, (file for files in found.values() for file in files))
        }
        for message in holders:
            message.attachments = [signed[file.id] for file in found.get(message.id, [])]
    return list(messages)
