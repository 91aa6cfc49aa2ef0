"""One effect for one Idempotency-Key: the key, the effect and the answer commit together."""

import hashlib
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec

import msgspec
from litestar import Response

from api.db import LockTimeout, Tx
from api.errors import IdempotencyInProgress, IdempotencyMismatch, InvalidRequest
from api.requests import Request

P = ParamSpec("P")
HOURS_KEPT = 24


class Key(msgspec.Struct, frozen=True):
    """`request_hash`: SHA-256 of the query string and the body."""

    caller: str
    method: str
    path: str
    key: str
    request_hash: str


class Answer(msgspec.Struct, frozen=True):
    """What a POST answers, as bytes, so that a repeat gets the very same."""

    status: int
    body: bytes
    headers: dict[str, str] = {}
    replayed: bool = False

    def response(self) -> Response[bytes]:
        headers = self.headers | ({"Idempotency-Replayed": "true"} if self.replayed else {})
        return Response(self.body, status_code=self.status, headers=headers, media_type="application/json")


def answer(result: Any, status: int) -> Answer:
    """A 204 for None; else the result as JSON."""
    return Answer(204, b"") if result is None else Answer(status, msgspec.json.encode(result))


async def post(
    request: Request, status: int, fn: Callable[Concatenate[Tx, P], Any], *args: P.args, **kwargs: P.kwargs
) -> Response[Any]:
    """Run what a POST writes, once for each Idempotency-Key, and answer `status` with what it returned."""
    key = await key_of(request)
    if key is None:
        return answer(await request.db.write(fn, *args, **kwargs), status).response()
    return (await request.db.write(once, key, status, fn, *args, **kwargs)).response()


async def key_of(request: Request) -> Key | None:
    """The key of a request whose body is small. Raises InvalidRequest."""
    name = name_of(request)
    return None if name is None else key(request, name, await request.body())


def name_of(request: Request) -> str | None:
    """Raises InvalidRequest unless the header stands once and is 1 to 255 visible ASCII characters."""
    values = [value for name, value in request.scope["headers"] if name == b"idempotency-key"]
    if not values:
        return None
    if len(values) > 1 or not 1 <= len(values[0]) <= 255 or not all(0x21 <= byte <= 0x7E for byte in values[0]):
        raise InvalidRequest("Idempotency-Key must stand once, with 1 to 255 visible ASCII characters.")
    return values[0].decode()


def key(request: Request, name: str, content: bytes) -> Key:
    """`content` stands for the body: what it holds, where its wrapping differs each time it is sent."""
    request_hash = hashlib.sha256(request.scope["query_string"] + b"\0" + content).hexdigest()
    return Key(request.actor.id, request.method, request.scope["path"], name, request_hash)


def once(tx: Tx, key: Key, status: int, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Answer:
    """Run `fn(tx, *args)` unless its key has an answer already. Raises IdempotencyMismatch, IdempotencyInProgress."""
    try:
        # A repeat waits here until the first has committed, or for the lock timeout.
        ours = tx.run(
            "insert into idempotency (caller, method, path, key, request_hash, created_at) "
            "values ($1, $2, $3, $4, $5, $6) on conflict (caller, method, path, key) do nothing",
            key.caller,
            key.method,
            key.path,
            key.key,
            key.request_hash,
            tx.now,
        )
    except LockTimeout:
        raise IdempotencyInProgress from None
    if not ours:
        return _earlier(tx, key)
    first = answer(fn(tx, *args, **kwargs), status)
    tx.run(
        "update idempotency set status = $5, body = $6, headers = $7 "
        "where caller = $1 and method = $2 and path = $3 and key = $4",
        key.caller,
        key.method,
        key.path,
        key.key,
        first.status,
        first.body,
        msgspec.json.encode(first.headers).decode(),
    )
    return first


class _Stored(msgspec.Struct):
    request_hash: str
    status: int
    body: bytes
    headers: dict[str, str]


def _earlier(tx: Tx, key: Key) -> Answer:
    found = earlier(tx, key)
    if found is None:
        # It was swept away between our two statements: the next try runs it afresh.
        raise IdempotencyInProgress
    return found


def earlier(tx: Tx, key: Key) -> Answer | None:
    """The first answer to a key, if it has one. Raises IdempotencyMismatch."""
    stored = tx.one(
        _Stored,
        "select request_hash, status, body, headers from idempotency "
        "where caller = $1 and method = $2 and path = $3 and key = $4",
        key.caller,
        key.method,
        key.path,
        key.key,
    )
    if stored is None:
        return None
    if stored.request_hash != key.request_hash:
        raise IdempotencyMismatch
    return Answer(stored.status, stored.body, stored.headers, replayed=True)


def sweep(tx: Tx, before: int, limit: int) -> int:
    """Remove keys older than `before`; how many."""
    return tx.run(
        "delete from idempotency where (caller, method, path, key) in "
        "(select caller, method, path, key from idempotency where created_at < $1 order by created_at limit $2)",
        before,
        limit,
    )
