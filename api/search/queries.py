"""One function, one statement; where full text has no common form, both texts side by side."""

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


def enter(tx: Tx, subject: str, tokens: str) -> int | None:
    """The new entry's id; None where the subject has one."""
    return tx.one(
        int,
        "insert into search_entries (subject, tokens) values ($1, $2) on conflict (subject) do nothing returning id",
        subject,
        tokens,
    )


def lock_entry(tx: Tx, subject: str) -> Entry | None:
    return tx.lock(Entry, "select id, tokens from search_entries where subject = $1", subject)


def rewrite(tx: Tx, entry_id: int, tokens: str) -> None:
    tx.run("update search_entries set tokens = $2 where id = $1", entry_id, tokens)


def remove(tx: Tx, entry_id: int) -> None:
    tx.run("delete from search_entries where id = $1", entry_id)


def index(tx: Tx, entry_id: int, tokens: str) -> None:
    tx.run(
        tx.either(
            sqlite="insert into search_index (rowid, tokens) values ($1, $2)",
            postgres="insert into search_index (rowid, tokens) "
            "values ($1, array_to_tsvector(string_to_array(cast($2 as text), ' ')))",
        ),
        entry_id,
        tokens,
    )


def unindex(tx: Tx, entry_id: int, tokens: str) -> None:
    """`tokens`: those that it was indexed with."""
    tx.run(
        tx.either(
            sqlite="insert into search_index (search_index, rowid, tokens) values ('delete', $1, $2)",
            postgres="delete from search_index where rowid = $1 and cast($2 as text) is not null",
        ),
        entry_id,
        tokens,
    )


def hits_before(tx: Tx, words: Sequence[str], prefix: str | None, entry_id: int, limit: int) -> list[Hit]:
    """Entries older than `entry_id` with all of `words` and one that begins with `prefix`, the newest first."""
    return tx.all(
        Hit,
        tx.either(
            # `cross join`: the index gives its hits in this order by itself, and is asked for no more than the page.
            sqlite="select e.id, e.subject from search_index i cross join search_entries e on e.id = i.rowid "
            "where i.search_index match $1 and i.rowid < $2 order by i.rowid desc limit $3",
            # Materialised, else a common word is looked for by walking all entries backwards.
            postgres="with hits as materialized "
            "(select rowid from search_index where tokens @@ cast($1 as tsquery) and rowid < $2) "
            "select e.id, e.subject from search_entries e join hits on hits.rowid = e.id order by e.id desc limit $3",
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
            sqlite="select e.id, e.subject from search_index i cross join search_entries e on e.id = i.rowid "
            "where i.search_index match $1 and i.rowid > $2 order by i.rowid limit $3",
            postgres="with hits as materialized "
            "(select rowid from search_index where tokens @@ cast($1 as tsquery) and rowid > $2) "
            "select e.id, e.subject from search_entries e join hits on hits.rowid = e.id order by e.id limit $3",
        ),
        _expression(tx, words, prefix),
        entry_id,
        limit,
    )


def _expression(tx: Tx, words: Sequence[str], prefix: str | None) -> str:
    """The engine's own query, with every word quoted: tokens hold letters, digits and dots, and never a quote."""
    mark, both, onwards = tx.either(sqlite='"| AND | *', postgres="'| & |:*").split("|")
    terms = [f"{mark}{word}{mark}" for word in words]
    return both.join([*terms, *([f"{mark}{prefix}{mark}{onwards}"] if prefix else [])])
