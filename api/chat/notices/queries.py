"""One function, one statement."""

from api.db import Tx


def unreported(tx: Tx, booking_id: str, change: str, source: str) -> int | None:
    """The seq of the earliest notice of a change that this source has not reported yet."""
    found: int | None = tx.value(
        "select min(n.seq) from notices n where n.booking_id = $1 and n.change = $2 and not exists "
        "(select 1 from notices o where o.booking_id = n.booking_id and o.seq = n.seq and o.source = $3)",
        booking_id,
        change,
        source,
    )
    return found


def add(tx: Tx, booking_id: str, seq: int, change: str, source: str) -> None:
    tx.run(
        "insert into notices (booking_id, seq, change, source) values ($1, $2, $3, $4)",
        booking_id,
        seq,
        change,
        source,
    )
