"""One function, one statement."""

from api.db import Tx

MOST_A_DAY = 50
DAY_MS = 86_400_000


def mails_today(tx: Tx, user_id: str) -> int:
    """How many letters went to somebody within the last 24 hours; what was folded into one is one."""
    return tx.only(
        int,
        "select count(distinct letter_key) from dispatches where user_id = $1 and channel = 'email' and sent_at > $2",
        user_id,
        tx.now - DAY_MS,
    )
