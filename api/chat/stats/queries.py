"""One function, one statement."""

from api.chat.stats.types import Conversations
from api.db import Tx


def sides(tx: Tx, booking_id: str) -> tuple[str, str]:
    """The booking's provider and customer."""
    return tx.only(_pair, "select provider_id, customer_id from bookings where id = $1", booking_id)


def ask(tx: Tx, booking_id: str, user_id: str, moment: int) -> None:
    """From now on this one's answer is waited for."""
    tx.run(
        "update rooms set asked_id = $2, asked_at = $3, turns = turns + 1 where booking_id = $1",
        booking_id,
        user_id,
        moment,
    )


def begin_anew(tx: Tx, booking_id: str) -> None:
    """Nobody's answer is waited for, and the next message begins the conversation."""
    tx.run("update rooms set asked_id = null, asked_at = 0, turns = 0 where booking_id = $1", booking_id)


def conversations(tx: Tx, user_id: str) -> Conversations:
    return tx.only(
        Conversations,
        "select count(*) as total, "
        "cast(coalesce(sum(case when m.until_seq is null and (r.closes_at is null or r.closes_at > $2) "
        "then 1 else 0 end), 0) as bigint) as active, "
        "cast(coalesce(sum(m.unread), 0) as bigint) as unread "
        "from members m join rooms r on r.booking_id = m.booking_id where m.user_id = $1",
        user_id,
        tx.now,
    )


def _pair(provider_id: str, customer_id: str) -> tuple[str, str]:
    return provider_id, customer_id
