"""Who has read what."""

from collections.abc import Iterable

from api.chat.types import Message


def readers(message: Message, positions: Iterable[tuple[str, int]]) -> list[str]:
    """Of the members and how far each has read: those other than the sender who have read a message."""
    return [user_id for user_id, seq in positions if seq >= message.seq and user_id != message.sender.id]
