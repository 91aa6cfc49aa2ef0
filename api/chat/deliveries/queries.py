"""One function, one statement."""

import itertools
from collections.abc import Sequence

from api.chat.deliveries.types import Delivered, Hearer
from api.db import Tx
from api.db.rows import parameters
from api.live.stream import Span


def messages_in(tx: Tx, spans: Sequence[Span]) -> list[Delivered]:
    """The last message of others in each room among the events that users were sent."""
    rows = [(span.topic, span.topic.partition(":")[2], span.start, span.stop) for span in spans]
    table, values = _table(["text", "text", "bigint", "bigint"], rows)
    return tx.all(
        Delivered,
        f"with recursive sent (topic, user_id, start, stop) as ({table}), "
        # Backwards from the head, as `stream.after` does.
        "back (user_id, topic, start, stop, event, position, before) as ("
        "select sent.user_id, sent.topic, sent.start, sent.stop, s.event, s.position, s.before from sent "
        "join topics t on t.topic = sent.topic and t.position > sent.start "
        "join stream s on s.event = t.last and s.topic = t.topic union all "
        "select back.user_id, back.topic, back.start, back.stop, s.event, s.position, s.before from back "
        "join stream s on s.event = back.before and s.topic = back.topic where back.position > back.start + 1) "
        "select m.booking_id, back.user_id, max(m.seq) as seq from back "
        "join events e on e.id = back.event and e.kind = 'message.created' "
        "join messages m on m.id = e.subject and (m.sender_id is null or m.sender_id <> back.user_id) "
        "where back.position <= back.stop group by m.booking_id, back.user_id",
        *values,
    )


def move(tx: Tx, deliveries: Sequence[Delivered]) -> list[Delivered]:
    """Forward, never back; those that moved. In one order, so that two processes never wait in a ring."""
    ordered = sorted((item.booking_id, item.user_id, item.seq) for item in deliveries)
    return tx.all(
        Delivered,
        f"insert into deliveries (booking_id, user_id, seq) values {parameters(len(ordered), 3)} "
        "on conflict (booking_id, user_id) do update set seq = excluded.seq where excluded.seq > deliveries.seq "
        "returning booking_id, user_id, seq",
        *itertools.chain.from_iterable(ordered),
    )


def hearers(tx: Tx, deliveries: Sequence[Delivered]) -> list[Hearer]:
    """The other present members; nobody where the receiver keeps receipts to themselves, or has read as far."""
    table, values = _table(
        ["text", "text", "bigint"], [(item.booking_id, item.user_id, item.seq) for item in deliveries]
    )
    return tx.all(
        Hearer,
        f"with moved (booking_id, user_id, seq) as ({table}) "
        "select moved.booking_id, moved.user_id, moved.seq, o.user_id as hearer from moved "
        "join members me on me.booking_id = moved.booking_id and me.user_id = moved.user_id "
        "and me.read_seq < moved.seq "
        "join members o on o.booking_id = moved.booking_id and o.user_id <> moved.user_id and o.until_seq is null "
        "left join privacy v on v.user_id = moved.user_id where coalesce(v.receipts, 1) = 1",
        *values,
    )


def _table(kinds: Sequence[str], rows: Sequence[Sequence[object]]) -> tuple[str, list[object]]:
    """`values …` whose columns have these kinds, which PostgreSQL does not guess, and what goes in."""
    numbers = itertools.count(1)
    lines = [", ".join(f"cast(${next(numbers)} as {kind})" for kind in kinds) for _ in rows]
    return "values " + ", ".join(f"({line})" for line in lines), list(itertools.chain.from_iterable(rows))
