"""One function, one statement."""

from collections.abc import Sequence

import msgspec

from api.chat.messages.queries import MESSAGE, message
from api.chat.types import Message
from api.db import Tx


def readable(tx: Tx, user_id: str, message_ids: Sequence[str]) -> list[Message]:
    """Of these messages those that the user may read, in no order."""
    return tx.all(
        message,
        f"select {MESSAGE} join members me on me.booking_id = m.booking_id and me.user_id = $1 "
        "where m.id in (select value from json_each(cast($2 as text))) "
        "and (me.until_seq is null or m.seq <= me.until_seq)",
        user_id,
        msgspec.json.encode(message_ids).decode(),
    )


def readers_of(tx: Tx, booking_id: str, seq: int) -> list[str]:
    """Those who may read a message: the present members, and former ones who were there."""
    return tx.all(
        str,
        "select user_id from members where booking_id = $1 and (until_seq is null or until_seq >= $2) order by user_id",
        booking_id,
        seq,
    )


def ids_before(tx: Tx, booking_id: str, seq: int, limit: int) -> list[tuple[str, int]]:
    """The messages of a room before a seq, and their seqs, the newest first."""
    return tx.all(
        _placed,
        "select id, seq from messages where booking_id = $1 and seq < $2 order by seq desc limit $3",
        booking_id,
        seq,
        limit,
    )


def _placed(message_id: str, seq: int) -> tuple[str, int]:
    return message_id, seq
