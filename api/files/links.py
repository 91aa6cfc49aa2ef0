"""Addresses that carry their own proof: for one user and one file, 5 minutes, looked at again when they are used."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable

import msgspec

from api.auth import Actor, known_user
from api.db import Tx
from api.errors import NotFound
from api.files import queries
from api.files.types import ROOT, Attachment

GOOD_FOR_SECONDS = 300


def begin(tx: Tx) -> None:
    """The key of all links, made once."""
    queries.begin_link_key(tx, secrets.token_hex(32))


def signed(tx: Tx, actor: Actor, attachments: Iterable[Attachment]) -> list[Attachment]:
    """The same, with addresses that open for this actor without a token."""
    key = queries.link_key(tx)
    until = tx.now // 1000 + GOOD_FOR_SECONDS
    return [_signed(item, _proof(key, item.id, actor.id, until)) for item in attachments]


def _signed(item: Attachment, proof: str) -> Attachment:
    url = f"{ROOT}/{item.id}/link?proof={proof}"
    thumbnail = f"{url}&variant=thumbnail" if item.thumbnail_url else None
    return msgspec.structs.replace(item, url=url, thumbnail_url=thumbnail)


def _proof(key: str, file_id: str, user_id: str, until: int) -> str:
    # No id has a tilde in it, and none needs to be escaped in an address.
    mac = hmac.new(bytes.fromhex(key), f"{file_id}~{user_id}~{until}".encode(), hashlib.sha256)
    return f"{until}~{user_id}~{mac.hexdigest()}"


def bearer(tx: Tx, file_id: str, proof: str) -> Actor:
    """Whom a link was made for, as the record has them now. Raises NotFound for any other proof."""
    until, _, rest = proof.partition("~")
    user_id = rest.partition("~")[0]
    # Twelve digits reach far enough; `int` would take signs, blanks and other scripts' digits.
    if not (until.isascii() and until.isdecimal() and len(until) <= 12):
        raise NotFound
    real = _proof(queries.link_key(tx), file_id, user_id, int(until))
    if not hmac.compare_digest(real.encode(), proof.encode()) or int(until) <= tx.now // 1000:
        raise NotFound
    known = known_user(tx, user_id)
    made_at = int(until) - GOOD_FOR_SECONDS
    if known is None or known.disabled or (known.revoked_at is not None and made_at <= known.revoked_at):
        raise NotFound
    return Actor(user_id, known.role, known.name)
