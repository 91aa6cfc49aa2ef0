"""Messages that wait unread while somebody is away become one notification for each room."""

from api.chat.waiting import queries
from api.db import Tx
from api.notifications import actions as notifications
from api.notifications.types import Notice
from api.outbox import queries as outbox
from api.outbox.loop import Work
from api.outbox.types import Due

# Whoever looks at the room reads a message within this time, and is told nothing.
GRACE_MS = 10_000


def message_came(tx: Tx, booking_id: str, user_id: str) -> None:
    """Look after a while whether it was read."""
    outbox.add(tx, "chat.waiting", f"{booking_id} {user_id}", "{}", tx.now + GRACE_MS)


def room_was_read(tx: Tx, booking_id: str, user_id: str) -> None:
    notifications.clear(tx, [user_id], f"messages:{booking_id}")


def _look(tx: Tx, row: Due) -> None:
    booking_id, user_id = row.subject.split(" ")
    waiting = queries.waiting(tx, booking_id, user_id)
    if waiting is None:
        return
    notice = Notice(
        kind="message.waiting",
        values={"service": waiting.service, "sender": waiting.sender, "count": waiting.unread},
        cause=f"messages:{booking_id}",
        dedupe_key=f"messages:{booking_id}:{waiting.last_seq}",
        action=f"/bookings/{booking_id}/chat",
        booking_id=booking_id,
        group=f"messages:{booking_id}",
    )
    notifications.notify(tx, [user_id], notice)


def unwanted(tx: Tx, user_id: str, booking_id: str) -> str | None:
    """Asked before a notification goes out: whoever has read the room, or left it, needs none."""
    return "handled" if queries.waiting(tx, booking_id, user_id) is None else None


works = {"chat.waiting": Work(within=_look)}
