"""One function, one statement."""

from api.db import Tx


def add(tx: Tx, user_id: str, number: str, country: int) -> None:
    tx.run(
        "insert into text_messages (user_id, number, country, at) values ($1, $2, $3, $4)",
        user_id,
        number,
        country,
        tx.now,
    )


def to_user(tx: Tx, user_id: str, since: int) -> int:
    return tx.only(int, "select count(*) from text_messages where user_id = $1 and at > $2", user_id, since)


def to_number(tx: Tx, number: str, since: int) -> int:
    return tx.only(int, "select count(*) from text_messages where number = $1 and at > $2", number, since)


def to_country(tx: Tx, country: int, since: int) -> int:
    return tx.only(int, "select count(*) from text_messages where country = $1 and at > $2", country, since)


def sweep(tx: Tx, before: int, limit: int) -> int:
    return tx.run(
        "delete from text_messages where at in (select at from text_messages where at < $1 order by at limit $2)",
        before,
        limit,
    )
