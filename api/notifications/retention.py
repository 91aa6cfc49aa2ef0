"""What people were told is thrown away in time, in chunks."""

from collections import Counter

from api.db import Tx
from api.notifications import queries
from api.notifications.channels.sms import queries as text_messages
from api.notifications.dispatch import queries as dispatch
from api.outbox.loop import Work
from api.outbox.types import Due
from api.settings import Settings

CHUNK = 200
HOUR = 3_600_000
DAY = 24 * HOUR


def works(settings: Settings) -> dict[str, Work]:
    def sweep(tx: Tx, row: Due) -> int:
        swept = queries.sweep(tx, tx.now - settings.history_days * DAY, tx.now - settings.archive_days * DAY, CHUNK)
        unread = Counter(one.user_id for one in swept if one.unread)
        unseen = Counter(one.user_id for one in swept if one.unseen)
        for user_id in sorted(unread):
            queries.take_counts(tx, user_id, unread[user_id], unseen[user_id])
        dispatch.forget(tx, queries.ids([one.id for one in swept]))
        texts = text_messages.sweep(tx, tx.now - DAY, CHUNK)
        return tx.now if CHUNK in (len(swept), texts) else tx.now + HOUR

    return {"sweep.notifications": Work(within=sweep)}
