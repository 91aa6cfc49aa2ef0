"""Anything with an id can be made findable: by its words, and by marks that say where it lies and who may find it.

A mark is one of the words, so that looking within a room costs what is in the room. It narrows; it does not authorise:
a feature looks up by its own access what the index names.
"""

import zlib
from collections.abc import Sequence
from typing import Any

from api.db import Tx
from api.search import queries
from api.search.queries import Hit
from api.search.words import Query, words

NEWEST = 2**53


def mark(kind: str, name: str) -> str:
    """Such as `mark("room", booking_id)`. Two names may share one, for it is short."""
    return f".{zlib.crc32(f'{kind}:{name}'.encode()):08x}"


def add(tx: Tx, subject: str, text: str, marks: Sequence[str]) -> None:
    """A subject that is not in the index yet; without a word it is not put in."""
    tx.collect(_write, (_add, subject, text, marks))


def change(tx: Tx, subject: str, text: str, marks: Sequence[str]) -> None:
    """Let a subject be found by this text, and by no earlier one."""
    tx.collect(_write, (_change, subject, text, marks))


def add_marks(tx: Tx, subject: str, marks: Sequence[str]) -> None:
    """Let it be found in further places; nothing where the subject has no words."""
    tx.collect(_write, (_add_marks, subject, marks))


def remove(tx: Tx, subject: str) -> None:
    tx.collect(_write, (_remove, subject))


def _write(tx: Tx, steps: list[Any]) -> None:
    # All at the end: between other statements FTS5 would write out what it has gathered before each of them.
    for step, *args in steps:
        step(tx, *args)


def _add(tx: Tx, subject: str, text: str, marks: Sequence[str]) -> None:
    if found := words(text):
        queries.insert(tx, subject, " ".join([*found, *marks, mark("subject", subject)]))


def _change(tx: Tx, subject: str, text: str, marks: Sequence[str]) -> None:
    there = queries.lock_entry(tx, subject, mark("subject", subject))
    if there is None:
        _add(tx, subject, text, marks)
    elif found := words(text):
        queries.update(tx, there.id, " ".join([*found, *marks, mark("subject", subject)]))
    else:
        queries.remove(tx, there.id)


def _add_marks(tx: Tx, subject: str, marks: Sequence[str]) -> None:
    if there := queries.lock_entry(tx, subject, mark("subject", subject)):
        tokens = " ".join(dict.fromkeys([*there.tokens.split(" "), *marks]))
        if tokens != there.tokens:
            queries.update(tx, there.id, tokens)


def _remove(tx: Tx, subject: str) -> None:
    if there := queries.lock_entry(tx, subject, mark("subject", subject)):
        queries.remove(tx, there.id)


def find(tx: Tx, query: Query, marks: Sequence[str], place: int, limit: int, *, back: bool = False) -> list[Hit]:
    """Hits older than the one with the id `place`, the newest first; with `back` newer ones, the nearest first."""
    fetch = queries.hits_after if back else queries.hits_before
    return fetch(tx, [*query.words, *marks], query.prefix, place, limit)
