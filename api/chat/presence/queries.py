"""One function, one statement."""

from collections.abc import Sequence

import msgspec

from api.chat.presence.types import OnlineStatus
from api.db import Tx
from api.live.sockets import TTL_MS

# A device that comes back so soon was never gone.
GRACE_MS = 15_000
# A user's presence is told in so many of their rooms, the latest.
ROOMS_TOLD = 50
# $1 is since when a device must have been heard of, $2 since when its user; by `u`, a user.
ONLINE = (
    "(exists (select 1 from sockets s where s.user_id = u.id and s.ended = 0 and s.seen_at > $1) "
    "or coalesce(p.seen_at, 0) > $2)"
)
STATUS = (
    f"select u.id, case when coalesce(v.presence, 1) = 1 and {ONLINE} then 1 else 0 end as online, "
    "case when coalesce(v.presence, 1) = 1 then p.seen_at end as last_seen_at "
    "from users u left join presence p on p.user_id = u.id left join privacy v on v.user_id = u.id "
)
SHOWN = "coalesce(v.presence, 1) = 1"


def statuses(tx: Tx, user_ids: Sequence[str]) -> list[OnlineStatus]:
    """As others may see them."""
    return tx.all(
        OnlineStatus,
        STATUS + "where u.id in (select value from json_each(cast($3 as text))) order by u.id",
        tx.now - TTL_MS,
        tx.now - GRACE_MS,
        _json(user_ids),
    )


def offline(tx: Tx, user_ids: Sequence[str]) -> list[OnlineStatus]:
    """Those of them who show whether they are there, and are not."""
    return tx.all(
        OnlineStatus,
        STATUS + f"where u.id in (select value from json_each(cast($3 as text))) and {SHOWN} and not {ONLINE}",
        tx.now - TTL_MS,
        tx.now - GRACE_MS,
        _json(user_ids),
    )


def newly_here(tx: Tx, user_ids: Sequence[str], node: str) -> list[OnlineStatus]:
    """Those of them who show whether they are there, and were not, but for a device on `node`; as they are now."""
    return tx.all(
        OnlineStatus,
        "select u.id, 1 as online, $4 as last_seen_at "
        "from users u left join presence p on p.user_id = u.id left join privacy v on v.user_id = u.id "
        f"where u.id in (select value from json_each(cast($3 as text))) and {SHOWN} and coalesce(p.seen_at, 0) <= $2 "
        "and not exists (select 1 from sockets s where s.user_id = u.id and s.ended = 0 and s.seen_at > $1 "
        "and s.node <> $5)",
        tx.now - TTL_MS,
        tx.now - GRACE_MS,
        _json(user_ids),
        tx.now,
        node,
    )


def acquaintances(tx: Tx, user_id: str) -> list[str]:
    """The other members of the user's latest rooms."""
    return tx.all(
        str,
        "select distinct user_id from members where until_seq is null and user_id <> $1 and booking_id in "
        "(select booking_id from members where user_id = $1 and until_seq is null "
        "order by active_at desc, booking_id desc limit $2)",
        user_id,
        ROOMS_TOLD,
    )


def _json(user_ids: Sequence[str]) -> str:
    return msgspec.json.encode(user_ids).decode()
