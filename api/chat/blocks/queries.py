"""One function, one statement."""

from collections.abc import Sequence

import msgspec

from api.auth import Role
from api.chat.blocks.types import Between, Blocked
from api.db import Tx


def met(tx: Tx, user_id: str, other_id: str) -> Role | None:
    """The role of somebody else with whom the user is in a room, or was; None for a stranger."""
    role: Role | None = tx.value(
        "select u.role from users u where u.id = $2 and u.id <> $1 and exists (select 1 from members a "
        "join members b on b.booking_id = a.booking_id and b.user_id = $2 where a.user_id = $1)",
        user_id,
        other_id,
    )
    return role


def block(tx: Tx, user_id: str, blocked_id: str) -> bool:
    """False when it was so already."""
    count = tx.run(
        "insert into blocks (user_id, blocked_id, created_at) values ($1, $2, $3) "
        "on conflict (user_id, blocked_id) do nothing",
        user_id,
        blocked_id,
        tx.now,
    )
    return count == 1


def unblock(tx: Tx, user_id: str, blocked_id: str) -> bool:
    return tx.run("delete from blocks where user_id = $1 and blocked_id = $2", user_id, blocked_id) == 1


def blocked(tx: Tx, user_id: str) -> list[Blocked]:
    return tx.all(
        Blocked,
        "select u.id, u.role, u.name, b.created_at as blocked_at from blocks b join users u on u.id = b.blocked_id "
        "where b.user_id = $1 order by b.created_at desc, u.id",
        user_id,
    )


def blocked_among(tx: Tx, user_id: str, people: Sequence[str]) -> list[str]:
    return tx.all(
        str,
        "select blocked_id from blocks where user_id = $1 "
        "and blocked_id in (select value from json_each(cast($2 as text)))",
        user_id,
        msgspec.json.encode(people).decode(),
    )


def apart(tx: Tx, user_id: str, people: Sequence[str]) -> list[str]:
    """Of these people those whom the user has blocked, or who have blocked the user."""
    return tx.all(
        str,
        "select value from json_each(cast($2 as text)) where exists (select 1 from blocks b "
        "where (b.user_id = $1 and b.blocked_id = value) or (b.user_id = value and b.blocked_id = $1))",
        user_id,
        msgspec.json.encode(people).decode(),
    )


def between(tx: Tx, booking_id: str, user_id: str) -> list[Between]:
    """For each other present member of a room."""
    return tx.all(
        Between,
        "select case when mine.user_id is null then 0 else 1 end as blocked, "
        "case when theirs.user_id is null then 0 else 1 end as blocking from members m "
        "left join blocks mine on mine.user_id = $2 and mine.blocked_id = m.user_id "
        "left join blocks theirs on theirs.user_id = m.user_id and theirs.blocked_id = $2 "
        "where m.booking_id = $1 and m.user_id <> $2 and m.until_seq is null",
        booking_id,
        user_id,
    )


def shared_rooms(tx: Tx, user_id: str, other_id: str, booking_id: str, limit: int) -> list[str]:
    """The rooms after one in which both are present, in the order of their ids."""
    return tx.all(
        str,
        "select a.booking_id from members a join members b on b.booking_id = a.booking_id and b.user_id = $2 "
        "where a.user_id = $1 and a.until_seq is null and b.until_seq is null and a.booking_id > $3 "
        "order by a.booking_id limit $4",
        user_id,
        other_id,
        booking_id,
        limit,
    )
