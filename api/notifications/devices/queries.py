"""One function, one statement."""

from api import ids
from api.db import Tx
from api.notifications.devices.types import Address, PushDevice

DEVICE = "id, kind, name, created_at, used_at"


def put(tx: Tx, user_id: str, kind: str, address: str, p256dh: str | None, auth: str | None, name: str) -> PushDevice:
    """A device belongs to whoever signed in on it last."""
    return tx.only(
        PushDevice,
        "insert into devices (id, user_id, kind, address, p256dh, auth, name, created_at) "
        "values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (address) do update set user_id = excluded.user_id, "
        f"p256dh = excluded.p256dh, auth = excluded.auth, name = excluded.name returning {DEVICE}",
        ids.new("dev", tx.now),
        user_id,
        kind,
        address,
        p256dh,
        auth,
        name,
        tx.now,
    )


def of_user(tx: Tx, user_id: str) -> list[PushDevice]:
    """The oldest first."""
    return tx.all(PushDevice, f"select {DEVICE} from devices where user_id = $1 order by id", user_id)


def addresses(tx: Tx, user_id: str) -> list[Address]:
    return tx.all(
        Address, "select id, kind, address, p256dh, auth from devices where user_id = $1 order by id", user_id
    )


def address(tx: Tx, device_id: str) -> Address | None:
    return tx.one(Address, "select id, kind, address, p256dh, auth from devices where id = $1", device_id)


def remove(tx: Tx, user_id: str, device_id: str) -> int:
    return tx.run("delete from devices where id = $1 and user_id = $2", device_id, user_id)


def forget(tx: Tx, address: str) -> int:
    """The push service knows it no more."""
    return tx.run("delete from devices where address = $1", address)


def used(tx: Tx, device_id: str) -> int:
    return tx.run("update devices set used_at = $2 where id = $1", device_id, tx.now)


def drop_oldest(tx: Tx, user_id: str, most: int) -> int:
    """Keep the newest `most`."""
    return tx.run(
        "delete from devices where user_id = $1 and id not in "
        "(select id from devices where user_id = $1 order by id desc limit $2)",
        user_id,
        most,
    )


def vapid_key(tx: Tx) -> str:
    return tx.only(str, "select value from meta where name = 'vapid_key'")


def begin_vapid_key(tx: Tx, key: str) -> None:
    tx.run("insert into meta (name, value) values ('vapid_key', $1) on conflict (name) do nothing", key)
