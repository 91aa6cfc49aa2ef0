"""Who has read what, and who has been sent it."""

from collections.abc import Iterable

from api.chat.types import Member, Message, Progress


def name_readers(message: Message, people: Iterable[Progress | Member]) -> None:
    """Of the members, those other than the sender who have come as far as a message."""
    others = sorted((person for person in people if person.id != message.sender.id), key=lambda person: person.id)
    message.read_by = [person.id for person in others if person.read_seq >= message.seq]
    message.delivered_to = [person.id for person in others if person.delivered_seq >= message.seq]
