"""Devices online and when people were last seen: rows, so that every process knows."""

import logging
from collections.abc import Sequence

import msgspec

from api.clock import Time
from api.db import Database, Tx
from api.db.rows import Record
from api.errors import Problem

TTL_MS = 45_000
CHUNK = 200
# What `insert` is given.
DeviceRow = tuple[str, str, str, str, int]
log = logging.getLogger("porchlight.live")


class Device(Record):
    """`device` is what the app calls itself (its User-Agent)."""

    id: str
    device: str
    connected_at: Time
    seen_at: Time


def insert(tx: Tx, socket_id: str, user_id: str, node: str, device: str, connected_at: int) -> None:
    tx.run(
        "insert into sockets (id, user_id, node, device, connected_at, seen_at) values ($1, $2, $3, $4, $5, $6) "
        "on conflict (id) do nothing",
        socket_id,
        user_id,
        node,
        device,
        connected_at,
        tx.now,
    )


def insert_all(tx: Tx, rows: Sequence[DeviceRow]) -> None:
    """Once more, after a time in which the disk took no writes."""
    for row in rows:
        insert(tx, *row)


def delete(tx: Tx, socket_id: str) -> None:
    tx.run("delete from sockets where id = $1", socket_id)


def online(tx: Tx, user_id: str) -> list[Device]:
    """The devices of a user whose process has been heard of lately, the oldest first."""
    return tx.all(
        Device,
        "select id, device, connected_at, seen_at from sockets where user_id = $1 and ended = 0 and seen_at > $2 "
        "order by connected_at, id",
        user_id,
        tx.now - TTL_MS,
    )


def end(tx: Tx, user_id: str, socket_id: str) -> int:
    """Ask the process that has it to close it."""
    return tx.run("update sockets set ended = 1 where id = $1 and user_id = $2", socket_id, user_id)


def ended(tx: Tx, node: str) -> list[str]:
    return tx.all(str, "select id from sockets where node = $1 and ended = 1", node)


def refresh(tx: Tx, node: str) -> int:
    """How many devices of this process are on the list."""
    return tx.run("update sockets set seen_at = $2 where node = $1", node, tx.now)


def see(tx: Tx, user_ids: Sequence[str]) -> None:
    """They are here now; one statement for a whole process."""
    tx.run(
        "insert into presence (user_id, seen_at) "
        "select value, $2 from json_each(cast($1 as text)) where true order by value "
        "on conflict (user_id) do update set seen_at = excluded.seen_at",
        msgspec.json.encode(user_ids).decode(),
        tx.now,
    )


def sweep(tx: Tx, before: int) -> list[str]:
    """Remove devices not heard of since; whose they were."""
    return tx.all(str, "delete from sockets where seen_at < $1 returning user_id", before)


async def remember(db: Database, row: DeviceRow) -> None:
    """Best effort: while the disk takes no writes, sockets still open and hear."""
    try:
        await db.write(insert, *row)
    except Problem as problem:
        log.warning("a device is not listed", extra={"code": problem.code})


async def forget(db: Database, socket_id: str) -> None:
    try:
        await db.write(delete, socket_id)
    except Problem as problem:
        log.warning("a device stays listed for a while", extra={"code": problem.code})
