"""One function, one statement; full text has no common form, so both texts stand side by side."""

from collections.abc import Sequence

from api.db import Tx
from api.db.rows import Record


class Hit(Record):
    """`id` orders hits, the newest with the greatest."""

    id: int
    subject: str


class Entry(Record):
    id: int
    tokens: str


def insert(tx: Tx, subject: str, tokens: str) -> None:
    tx.run(
        tx.either(
            sqlite="insert into search_index (subject, tokens) values ($1, $2)",
            postgres="insert into search_index (subject, tokens) "
            "values ($1, array_to_tsvector(string_to_array(cast($2 as text), ' ')))",
        ),
        subject,
        tokens,
    )


def lock_entry(tx: Tx, subject: str, mark: str) -> Entry | None:
    """By the mark that only this subject carries, but for the accident that another has the same."""
    return tx.lock(
        Entry,
        tx.either(
            sqlite="select rowid as id, tokens from search_index where search_index match $1 and subject = $2",
            postgres="select rowid as id, array_to_string(tsvector_to_array(tokens), ' ') as tokens from search_index "
            "where tokens @@ cast($1 as tsquery) and subject = $2",
        ),
        _expression(tx, [mark], None),
        subject,
    )


def update(tx: Tx, entry_id: int, tokens: str) -> None:
    tx.run(
        tx.either(
            sqlite="update search_index set tokens = $2 where rowid = $1",
            postgres="update search_index set tokens = array_to_tsvector(string_to_array(cast($2 as text), ' ')) "
            "where rowid = $1",
        ),
        entry_id,
        tokens,
    )


def remove(tx: Tx, entry_id: int) -> None:
    tx.run("delete from search_index where rowid = $1", entry_id)


def hits_before(tx: Tx, words: Sequence[str], prefix: str | None, entry_id: int, limit: int) -> list[Hit]:
    """Entries older than `entry_id` with all of `words` and one that begins with `prefix`, the newest first."""
    return tx.all(
        Hit,
        tx.either(
            # FTS5 gives its hits in this order by itself, and is asked for no more than the page.
            sqlite="select rowid as id, subject from search_index where search_index match $1 and rowid < $2 "
            "order by rowid desc limit $3",
            # Materialised, else a common word is looked for by walking all entries backwards.
            postgres="with hits as materialized "
            "(select rowid as id, subject from search_index where tokens @@ cast($1 as tsquery) and rowid < $2) "
            "select id, subject from hits order by id desc limit $3",
        ),
        _expression(tx, words, prefix),
        entry_id,
        limit,
    )


def hits_after(tx: Tx, words: Sequence[str], prefix: str | None, entry_id: int, limit: int) -> list[Hit]:
    """Newer ones, the nearest first."""
    return tx.all(
        Hit,
        tx.either(
            sqlite="select rowid as id, subject from search_index where search_index match $1 and rowid > $2 "
            "order by rowid limit $3",
            postgres="with hits as materialized "
            "(select rowid as id, subject from search_index where tokens @@ cast($1 as tsquery) and rowid > $2) "
            "select id, subject from hits order by id limit $3",
        ),
        _expression(tx, words, prefix),
        entry_id,
        limit,
    )


def _expression(tx: Tx, words: Sequence[str], prefix: str | None) -> str:
    """The engine's own query, with every word quoted: tokens hold letters, digits and dots, and never a quote."""
    quote, both, onwards = tx.either(sqlite='"| AND | *', postgres="'| & |:*").split("|")
    terms = [f"{quote}{word}{quote}" for word in words]
    return both.join([*terms, *([f"{quote}{prefix}{quote}{onwards}"] if prefix else [])])
