"""One function, one statement."""

from collections.abc import Sequence

import msgspec

from api.chat.filter.types import Filtered, Outcome, State, Verdict
from api.db import Tx

FILTERED = """
select f.id, f.message_id, m.booking_id, f.version, m.sender_id, f.outcome, f.state, f.text, f.shown, f.findings,
  f.created_at, f.decided_by, f.decided_at
from filtered f join messages m on m.id = f.message_id
"""


def is_confirmed(tx: Tx, booking_id: str) -> bool:
    return bool(tx.value("select 1 from bookings where id = $1 and status <> 'requested'", booking_id))


def insert_filtered(tx: Tx, filtered_id: str, message_id: str, text: str, verdict: Verdict, state: State) -> None:
    """Of the text that the message has now."""
    tx.run(
        "insert into filtered (id, message_id, version, outcome, state, text, shown, findings, created_at) "
        "select cast($1 as text), id, version, cast($3 as text), cast($4 as text), cast($5 as text), cast($6 as text), "
        "cast($7 as text), cast($8 as bigint) from messages where id = $2",
        filtered_id,
        message_id,
        verdict.outcome,
        state,
        text,
        verdict.text,
        msgspec.json.encode(verdict.findings).decode(),
        tx.now,
    )


def findings(tx: Tx, message_id: str, version: int) -> str | None:
    """What was found in the text that a message has, as JSON."""
    found: str | None = tx.value(
        "select findings from filtered where message_id = $1 and version = $2", message_id, version
    )
    return found


def held_texts(tx: Tx, message_ids: Sequence[str]) -> list[tuple[str, str]]:
    """Of those that are held, by message."""
    return tx.all(
        _pair,
        "select message_id, text from filtered where state = 'held' "
        "and message_id in (select value from json_each(cast($1 as text)))",
        msgspec.json.encode(message_ids).decode(),
    )


def _pair(message_id: str, text: str) -> tuple[str, str]:
    return message_id, text


def withdraw(tx: Tx, message_id: str) -> None:
    """Its sender has put something else in its place, or nothing."""
    tx.run("update filtered set state = 'withdrawn' where message_id = $1 and state = 'held'", message_id)


def decide(tx: Tx, filtered_id: str, state: State, decided_by: str) -> bool:
    """False where it does not wait any more."""
    count = tx.run(
        "update filtered set state = $2, decided_by = $3, decided_at = $4 where id = $1 and state = 'held'",
        filtered_id,
        state,
        decided_by,
        tx.now,
    )
    return count == 1


def filtered(tx: Tx, filtered_id: str) -> Filtered | None:
    return tx.one(Filtered, FILTERED + "where f.id = $1", filtered_id)


def held_after(tx: Tx, after: str, limit: int) -> list[Filtered]:
    """Those that wait, the longest first."""
    return tx.all(Filtered, FILTERED + "where f.state = 'held' and f.id > $1 order by f.id limit $2", after, limit)


def filtered_before(tx: Tx, before: str, outcome: Outcome | None, limit: int) -> list[Filtered]:
    """The newest first."""
    return tx.all(
        Filtered,
        FILTERED + "where f.id < $1 and (cast($2 as text) is null or f.outcome = $2) order by f.id desc limit $3",
        before,
        outcome,
        limit,
    )
