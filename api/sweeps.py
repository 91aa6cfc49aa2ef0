"""What is thrown away when its time is over: due work that puts itself off, in chunks that hold nobody up."""

from collections.abc import Iterable

import msgspec

from api import idempotency
from api.chat.presence.actions import tell_offline
from api.db import Tx
from api.files import links
from api.live import sockets, stream
from api.notifications.channels.push.webpush import new_vapid_key
from api.notifications.devices import queries as devices
from api.outbox import queries
from api.outbox.loop import Work
from api.outbox.types import Due

CHUNK = 200
HOUR = 3_600_000
MINUTE = 60_000


def idempotency_keys(tx: Tx, row: Due) -> int:
    swept = idempotency.sweep(tx, tx.now - idempotency.HOURS_KEPT * HOUR, CHUNK)
    return tx.now if swept == CHUNK else tx.now + HOUR


def streams(tx: Tx, row: Due) -> int:
    swept = stream.sweep(tx, tx.now - stream.DAYS_KEPT * 24 * HOUR, CHUNK)
    return tx.now if swept == CHUNK else tx.now + HOUR


def presence(tx: Tx, row: Due) -> int:
    """Devices of processes that died without a word."""
    tell_offline(tx, sorted(set(sockets.sweep(tx, tx.now - sockets.TTL_MS))))
    return tx.now + MINUTE


works = {
    "sweep.idempotency": Work(within=idempotency_keys),
    "sweep.streams": Work(within=streams),
    "sweep.presence": Work(within=presence),
}


def begun(tx: Tx, kinds: Iterable[str]) -> bool:
    wanted = list(kinds)
    waiting = tx.value(
        "select count(distinct kind) from due where kind in (select value from json_each(cast($1 as text)))",
        msgspec.json.encode(wanted).decode(),
    )
    return stream.epoch(tx) is not None and waiting == len(wanted)


def begin(tx: Tx, kinds: Iterable[str]) -> None:
    """At the first start: the database gets its epoch, and each sweep the row by which it goes on."""
    stream.begin_epoch(tx)
    links.begin(tx)
    devices.begin_vapid_key(tx, new_vapid_key())
    for kind in kinds:
        queries.add(tx, kind, "", "{}", tx.now)
