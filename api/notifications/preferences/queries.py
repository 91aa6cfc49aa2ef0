"""One function, one statement."""

from collections.abc import Sequence

import msgspec

from api.clock import Time
from api.db import Tx
from api.db.rows import Record
from api.notifications.preferences.types import Choices


class Stored(Record):
    choices: Choices
    version: int


class Change(Record):
    """What somebody chose, and who wrote it down."""

    version: int
    actor_id: str
    choices: Choices
    changed_at: Time


class Chosen(Record):
    user_id: str
    choices: Choices


def of_people(tx: Tx, user_ids: Sequence[str]) -> list[Chosen]:
    """Of those of them who chose anything."""
    return tx.all(
        Chosen,
        "select user_id, choices from preferences where user_id in (select value from json_each(cast($1 as text)))",
        msgspec.json.encode(user_ids).decode(),
    )


def stored(tx: Tx, user_id: str) -> Stored | None:
    return tx.one(Stored, "select choices, version from preferences where user_id = $1", user_id)


def lock(tx: Tx, user_id: str) -> Stored | None:
    return tx.lock(Stored, "select choices, version from preferences where user_id = $1", user_id)


def insert(tx: Tx, user_id: str, choices: str) -> bool:
    """False where another device has put some a moment ago."""
    count = tx.run(
        "insert into preferences (user_id, choices, version, changed_at) values ($1, $2, 1, $3) "
        "on conflict (user_id) do nothing",
        user_id,
        choices,
        tx.now,
    )
    return count == 1


def update(tx: Tx, user_id: str, choices: str, version: int) -> None:
    """Under the row's lock: make `choices` those of the version after `version`."""
    tx.run(
        "update preferences set choices = $2, version = $3 + 1, changed_at = $4 where user_id = $1",
        user_id,
        choices,
        version,
        tx.now,
    )


def add_change(tx: Tx, user_id: str, version: int, actor_id: str, choices: str) -> None:
    tx.run(
        "insert into preference_changes (user_id, version, actor_id, choices, changed_at) values ($1, $2, $3, $4, $5)",
        user_id,
        version,
        actor_id,
        choices,
        tx.now,
    )


def changes(tx: Tx, user_id: str, before: int, limit: int) -> list[Change]:
    """The latest first."""
    return tx.all(
        Change,
        "select version, actor_id, choices, changed_at from preference_changes where user_id = $1 and version < $2 "
        "order by version desc limit $3",
        user_id,
        before,
        limit,
    )
