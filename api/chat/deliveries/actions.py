"""What was sent to devices moves how far their users have been sent each room."""

import itertools
from collections.abc import Sequence

from api.chat.deliveries import queries
from api.chat.deliveries.types import Delivered
from api.db import Tx
from api.live import stream


def deliver(tx: Tx, deliveries: Sequence[Delivered]) -> None:
    """Note them and tell the other members, each only what moved."""
    moved = queries.move(tx, deliveries)
    if not moved:
        return
    hearers = sorted(queries.hearers(tx, moved), key=lambda found: (found.booking_id, found.user_id))
    for (booking_id, user_id), group in itertools.groupby(hearers, lambda found: (found.booking_id, found.user_id)):
        found = list(group)
        topics = [stream.user_topic(item.hearer) for item in found]
        stream.tell(tx, topics, "messages.delivered", booking_id, Delivered(booking_id, user_id, found[0].seq))
