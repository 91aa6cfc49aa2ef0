"""One function, one statement."""

from api import ids
from api.db import Tx
from api.outbox.types import Dead, Due

DUE = "id, kind, subject, body, due_at, attempts"


def add(tx: Tx, kind: str, subject: str, body: str, due_at: int) -> None:
    """Once for each (kind, subject): a row that waits already stays as it is."""
    tx.run(
        "insert into due (id, kind, subject, body, due_at, created_at) values ($1, $2, $3, $4, $5, $6) "
        "on conflict (kind, subject) do nothing",
        ids.new("due", tx.now),
        kind,
        subject,
        body,
        due_at,
        tx.now,
    )


def add_or_hasten(tx: Tx, kind: str, subject: str, body: str, due_at: int) -> None:
    """`add`; a row that waits already for a later time is due at this one."""
    tx.run(
        "insert into due (id, kind, subject, body, due_at, created_at) values ($1, $2, $3, $4, $5, $6) "
        "on conflict (kind, subject) do update set due_at = excluded.due_at where excluded.due_at < due.due_at",
        ids.new("due", tx.now),
        kind,
        subject,
        body,
        due_at,
        tx.now,
    )


def claim(tx: Tx, lease: str, lease_ms: int, limit: int) -> list[Due]:
    """Lease the rows that are due. The outer condition is looked at again for a row that another process just took."""
    return tx.all(
        Due,
        "update due set lease = $1, leased_until = $2, attempts = attempts + 1 "
        "where id in (select id from due where state = 'waiting' and due_at <= $3 and leased_until <= $3 "
        "order by due_at limit $4) and state = 'waiting' and due_at <= $3 and leased_until <= $3 "
        f"returning {DUE}",
        lease,
        tx.now + lease_ms,
        tx.now,
        limit,
    )


def lock_leased(tx: Tx, due_id: str, lease: str) -> Due | None:
    """The row, if its lease is still ours."""
    return tx.lock(
        Due, f"select {DUE} from due where id = $1 and lease = $2 and leased_until > $3", due_id, lease, tx.now
    )


def finish(tx: Tx, due_id: str, lease: str) -> int:
    return tx.run("delete from due where id = $1 and lease = $2", due_id, lease)


def put_off(tx: Tx, due_id: str, lease: str, due_at: int, attempts: int) -> int:
    """Due again later, no longer leased."""
    return tx.run(
        "update due set due_at = $3, attempts = $4, lease = null, leased_until = 0 where id = $1 and lease = $2",
        due_id,
        lease,
        due_at,
        attempts,
    )


def give_up(tx: Tx, due_id: str, lease: str, reason: str) -> int:
    return tx.run(
        "update due set state = 'dead', reason = $3, lease = null, leased_until = 0 where id = $1 and lease = $2",
        due_id,
        lease,
        reason,
    )


def give_back(tx: Tx, lease: str) -> int:
    """What a process that stops has leased is due for the others at once, and the try does not count."""
    return tx.run("update due set lease = null, leased_until = 0, attempts = attempts - 1 where lease = $1", lease)


def dead(tx: Tx, after: str, limit: int) -> list[Dead]:
    """Rows that were given up, by id."""
    return tx.all(
        Dead,
        "select id, kind, subject, attempts, reason, due_at, created_at from due where state = 'dead' and id > $1 "
        "order by id limit $2",
        after,
        limit,
    )


def revive(tx: Tx, due_id: str) -> int:
    return tx.run(
        "update due set state = 'waiting', attempts = 0, due_at = $2, reason = null where id = $1 and state = 'dead'",
        due_id,
        tx.now,
    )
