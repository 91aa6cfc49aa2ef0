"""Somebody has another name: everybody in their rooms sees it and finds the rooms by it."""

from api.chat import queries as rooms
from api.chat.actions import tell_conversation
from api.chat.conversations import queries
from api.db import Tx
from api.outbox import queries as outbox
from api.outbox.loop import Work
from api.outbox.types import Due

CHUNK = 10


def renamed(tx: Tx, user_id: str, version: int) -> None:
    """`version` of the user: another change begins from the first room again."""
    outbox.add(tx, "chat.renamed", f"{user_id}/{version}/", "{}", tx.now)


def _go_on(tx: Tx, row: Due) -> None:
    user_id, version, after = row.subject.split("/")
    found = queries.rooms_after(tx, user_id, after, CHUNK)
    for booking_id in found:
        rooms.lock_place(tx, booking_id)
        tell_conversation(tx, booking_id, rooms.present_members(tx, booking_id))
    if len(found) == CHUNK:
        outbox.add(tx, "chat.renamed", f"{user_id}/{version}/{found[-1]}", "{}", tx.now)


works = {"chat.renamed": Work(within=_go_on)}
