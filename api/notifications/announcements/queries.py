"""One function, one statement."""

from api import ids
from api.db import Tx
from api.db.rows import Record
from api.notifications.announcements.types import Announcement
from api.notifications.kinds import Priority

ANNOUNCEMENT = (
    "id, title, body, priority, role, user_ids, author_id, starts_at, ends_at, cancelled_at, reached, created_at"
)


class Telling(Record):
    """As far as telling people needs it; instants are epoch milliseconds."""

    id: str
    title: str
    body: str
    priority: Priority
    role: str | None
    user_ids: str | None
    ends_at: int | None
    cancelled_at: int | None
    last_user_id: str
    last_cleared_id: str


def add(
    tx: Tx,
    title: str,
    body: str,
    priority: str,
    role: str | None,
    user_ids: str | None,
    author_id: str,
    starts_at: int,
    ends_at: int | None,
) -> Announcement:
    """`user_ids`: a JSON list."""
    return tx.only(
        Announcement,
        "insert into announcements "
        "(id, title, body, priority, role, user_ids, author_id, starts_at, ends_at, created_at) "
        f"values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning {ANNOUNCEMENT}",
        ids.new("ann", tx.now),
        title,
        body,
        priority,
        role,
        user_ids,
        author_id,
        starts_at,
        ends_at,
        tx.now,
    )


def lock(tx: Tx, announcement_id: str) -> Telling | None:
    return tx.lock(
        Telling,
        "select id, title, body, priority, role, user_ids, ends_at, cancelled_at, last_user_id, last_cleared_id "
        "from announcements where id = $1",
        announcement_id,
    )


def audience(tx: Tx, after: str, role: str | None, user_ids: str | None, limit: int) -> list[str]:
    """Whom it is for, by id."""
    return tx.all(
        str,
        "select id from users where disabled = 0 and role <> 'service' and id > $1 "
        "and (cast($2 as text) is null or role = $2) and (cast($3 as text) is null "
        "or id in (select value from json_each(cast($3 as text)))) order by id limit $4",
        after,
        role,
        user_ids,
        limit,
    )


def hearers(tx: Tx, cause: str, after: str, limit: int) -> list[str]:
    """Who has it unread, by id."""
    return tx.all(
        str,
        "select user_id from notifications where cause = $1 and user_id > $2 and read_at is null "
        "order by user_id limit $3",
        cause,
        after,
        limit,
    )


def reached(tx: Tx, announcement_id: str, last_user_id: str, number: int) -> None:
    tx.run(
        "update announcements set last_user_id = $2, reached = reached + $3 where id = $1",
        announcement_id,
        last_user_id,
        number,
    )


def cleared(tx: Tx, announcement_id: str, last_cleared_id: str) -> None:
    tx.run("update announcements set last_cleared_id = $2 where id = $1", announcement_id, last_cleared_id)


def cancel(tx: Tx, announcement_id: str) -> Announcement | None:
    """None where there is none, or it is cancelled already."""
    return tx.one(
        Announcement,
        f"update announcements set cancelled_at = $2 where id = $1 and cancelled_at is null returning {ANNOUNCEMENT}",
        announcement_id,
        tx.now,
    )


def announcement(tx: Tx, announcement_id: str) -> Announcement | None:
    return tx.one(Announcement, f"select {ANNOUNCEMENT} from announcements where id = $1", announcement_id)


def announcements(tx: Tx, before: str, limit: int) -> list[Announcement]:
    """The latest first."""
    return tx.all(
        Announcement,
        f"select {ANNOUNCEMENT} from announcements where id < $1 order by id desc limit $2",
        before,
        limit,
    )
