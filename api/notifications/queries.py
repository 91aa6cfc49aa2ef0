"""One function, one statement."""

from collections.abc import Sequence

import msgspec

from api.db import Tx
from api.db.rows import Record
from api.notifications.kinds import Category, Priority
from api.notifications.types import Counts, Notification, Person

NOTIFICATION = (
    "id, kind as type, category, priority, title, body, action, booking_id, count, created_at, active_at, seen_at, "
    "read_at, archived_at"
)
ROW_COLUMNS = 18


class Row(Record):
    """A notification before it is stored."""

    id: str
    user_id: str
    kind: str
    category: Category
    priority: Priority
    title: str
    body: str
    content: str
    action: str | None
    booking_id: str | None
    cause: str
    group_key: str | None
    dedupe_key: str
    count: int
    created_at: int
    active_at: int
    ends_at: int | None
    hidden: bool


class Gone(Record):
    id: str
    category: Category
    priority: Priority


class Figure(Record):
    """How often something happened by one way: `channel` is inApp, or a way out of the app."""

    category: Category
    priority: Priority
    channel: str
    status: str
    number: int


def ids(values: Sequence[str]) -> str:
    return msgspec.json.encode(values).decode()


def people(tx: Tx, user_ids: Sequence[str]) -> list[Person]:
    """Those of them who are known and not disabled, by id."""
    return tx.all(
        Person,
        "select id, locale from users where disabled = 0 "
        "and id in (select value from json_each(cast($1 as text))) order by id",
        ids(user_ids),
    )


def insert(tx: Tx, rows: Sequence[Row]) -> list[str]:
    """Who had not been told the same already."""
    one = [
        "(" + ", ".join(f"${row * ROW_COLUMNS + column}" for column in range(1, ROW_COLUMNS + 1)) + ")"
        for row in range(len(rows))
    ]
    return tx.all(
        str,
        "insert into notifications (id, user_id, kind, category, priority, title, body, content, action, booking_id, "
        f"cause, group_key, dedupe_key, count, created_at, active_at, ends_at, hidden) values {', '.join(one)} "
        "on conflict (user_id, dedupe_key) do nothing returning user_id",
        *(value for row in rows for value in msgspec.structs.astuple(row)),
    )


def lock_counts(tx: Tx, user_id: str) -> Counts:
    """Whoever changes somebody's notifications locks this row first."""
    tx.run("insert into notification_counts (user_id) values ($1) on conflict (user_id) do nothing", user_id)
    found = tx.lock(Counts, "select unread, unseen from notification_counts where user_id = $1", user_id)
    return found or Counts(0, 0)


def add_counts(tx: Tx, user_id: str, unread: int, unseen: int) -> Counts:
    """They are locked until the commit."""
    return tx.only(
        Counts,
        "insert into notification_counts (user_id, unread, unseen) values ($1, $2, $3) "
        "on conflict (user_id) do update set unread = notification_counts.unread + $2, "
        "unseen = notification_counts.unseen + $3 returning unread, unseen",
        user_id,
        unread,
        unseen,
    )


def take_counts(tx: Tx, user_id: str, unread: int, unseen: int) -> Counts:
    return tx.only(
        Counts,
        "update notification_counts set unread = unread - $2, unseen = unseen - $3 where user_id = $1 "
        "returning unread, unseen",
        user_id,
        unread,
        unseen,
    )


def counts(tx: Tx, user_id: str) -> Counts:
    found = tx.one(Counts, "select unread, unseen from notification_counts where user_id = $1", user_id)
    return found or Counts(0, 0)


def unread_by(tx: Tx, user_ids: Sequence[str], cause: str) -> list[str]:
    """Which of these people have something unread with this cause."""
    return tx.all(
        str,
        "select distinct user_id from notifications where cause = $2 and read_at is null and hidden = 0 "
        "and user_id in (select value from json_each(cast($1 as text)))",
        ids(user_ids),
        cause,
    )


def open_group(tx: Tx, user_id: str, group_key: str) -> tuple[str, bool] | None:
    """The unread notification that counts further things of a group, and whether it was seen."""
    return tx.one(
        _group,
        "select id, seen_at is not null from notifications where user_id = $1 and group_key = $2 and read_at is null",
        user_id,
        group_key,
    )


def _group(notification_id: str, seen: int) -> tuple[str, bool]:
    return notification_id, bool(seen)


def fold(tx: Tx, notification_id: str, row: Row) -> Notification:
    """Count further things of a group; they are unseen again."""
    return tx.only(
        Notification,
        "update notifications set title = $2, body = $3, content = $4, active_at = $5, count = $6, seen_at = null, "
        f"version = version + 1 where id = $1 returning {NOTIFICATION}",
        notification_id,
        row.title,
        row.body,
        row.content,
        row.active_at,
        row.count,
    )


LISTED = (
    f"select {NOTIFICATION} from notifications where user_id = $1 and active_at <= $2 "
    "and deleted_at is null and hidden = 0 "
    "and (cast($3 as text) is null or category = $3) "
    "and (case when $4 = 'archived' then archived_at is not null when $4 = 'unread' then read_at is null "
    "else archived_at is null end) "
)


def before(
    tx: Tx, user_id: str, pinned: int, category: str | None, state: str, place: tuple[int, str], limit: int
) -> list[Notification]:
    """Those earlier than `place`, the latest first."""
    return tx.all(
        Notification,
        LISTED + "and (active_at, id) < ($5, $6) order by active_at desc, id desc limit $7",
        user_id,
        pinned,
        category,
        state,
        *place,
        limit,
    )


def after(
    tx: Tx, user_id: str, pinned: int, category: str | None, state: str, place: tuple[int, str], limit: int
) -> list[Notification]:
    """Those later than `place`, the nearest to it first."""
    return tx.all(
        Notification,
        LISTED + "and (active_at, id) > ($5, $6) order by active_at, id limit $7",
        user_id,
        pinned,
        category,
        state,
        *place,
        limit,
    )


def count(tx: Tx, user_id: str, pinned: int, category: str | None, state: str) -> int:
    return tx.only(int, f"select count(*) from ({LISTED}) as found", user_id, pinned, category, state)


def latest(tx: Tx, user_id: str) -> int:
    """When something was last told; it may lie ahead of our clock."""
    return tx.value("select max(active_at) from notifications where user_id = $1", user_id) or 0


def notification(tx: Tx, user_id: str, notification_id: str) -> Notification | None:
    return tx.one(
        Notification,
        f"select {NOTIFICATION} from notifications "
        "where user_id = $1 and id = $2 and deleted_at is null and hidden = 0",
        user_id,
        notification_id,
    )


# Of somebody's unread ones: these ids, this category, this cause, or all where each is null.
CHOSEN = (
    "where user_id = $1 and read_at is null and hidden = 0 "
    "and (cast($3 as text) is null or id in (select value from json_each(cast($3 as text)))) "
    "and (cast($4 as text) is null or category = $4) and (cast($5 as text) is null or cause = $5)"
)


def see(tx: Tx, user_id: str, chosen: str | None, category: str | None, cause: str | None) -> int:
    """How many were unseen."""
    return tx.run(
        f"update notifications set seen_at = $2, version = version + 1 {CHOSEN} and seen_at is null",
        user_id,
        tx.now,
        chosen,
        category,
        cause,
    )


def read(tx: Tx, user_id: str, chosen: str | None, category: str | None, cause: str | None) -> list[Gone]:
    """Those that were unread."""
    return tx.all(
        Gone,
        f"update notifications set read_at = $2, version = version + 1 {CHOSEN} returning id, category, priority",
        user_id,
        tx.now,
        chosen,
        category,
        cause,
    )


def archive(tx: Tx, user_id: str, chosen: str, moment: int | None) -> list[str]:
    """The ids of those that this changes; `moment` None brings them back."""
    return tx.all(
        str,
        "update notifications set archived_at = $2, version = version + 1 where user_id = $1 and deleted_at is null "
        "and id in (select value from json_each(cast($3 as text))) "
        "and (archived_at is null) = (cast($2 as bigint) is not null) returning id",
        user_id,
        moment,
        chosen,
    )


def delete(tx: Tx, user_id: str, notification_id: str) -> int:
    """Its words go; the row stays until retention, so that the same thing is not told again."""
    return tx.run(
        "update notifications set deleted_at = $3, title = '', body = '', content = '{}', action = null, "
        "version = version + 1 where user_id = $1 and id = $2 and deleted_at is null",
        user_id,
        notification_id,
        tx.now,
    )


class Swept(Record):
    id: str
    user_id: str
    unread: bool
    unseen: bool


def sweep(tx: Tx, before: int, archived_before: int, limit: int) -> list[Swept]:
    """Remove what is older than `before`, or `archived_before` where it was archived."""
    return tx.all(
        Swept,
        "delete from notifications where id in (select id from notifications where created_at < $1 "
        "and (archived_at is null or created_at < $2) order by created_at limit $3) "
        "returning id, user_id, read_at is null and hidden = 0 as unread, "
        "read_at is null and seen_at is null and hidden = 0 as unseen",
        before,
        archived_before,
        limit,
    )


def add_figure(tx: Tx, user_id: str, figure: Figure) -> None:
    tx.run(
        "insert into notification_figures (user_id, category, priority, channel, status, number) "
        "values ($1, $2, $3, $4, $5, $6) on conflict (user_id, category, priority, channel, status) do update "
        "set number = notification_figures.number + excluded.number",
        user_id,
        *msgspec.structs.astuple(figure),
    )


def figures(tx: Tx, user_id: str) -> list[Figure]:
    return tx.all(
        Figure,
        "select category, priority, channel, status, number from notification_figures where user_id = $1",
        user_id,
    )
