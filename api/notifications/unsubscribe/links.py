"""Addresses in mails that change what is mailed to one person, and nothing else."""

import base64
import binascii
import hashlib
import hmac

from api.db import Tx
from api.errors import NotFound
from api.files.queries import link_key

ROOT = "/api/provider-communication/notifications/mail"


def token(tx: Tx, user_id: str) -> str:
    """256 bits that only we can make; it does not expire, as mails do not."""
    return f"{_text(user_id.encode())}.{_text(_proof(tx, user_id))}"


def bearer(tx: Tx, given: str) -> str:
    """Whose token it is. Raises NotFound for any that is not ours."""
    name, _, proof = given.partition(".")
    try:
        user_id = _bytes(name).decode()
        shown = _bytes(proof)
    except (binascii.Error, UnicodeDecodeError):
        raise NotFound from None
    if not hmac.compare_digest(shown, _proof(tx, user_id)) or given != token(tx, user_id):
        raise NotFound
    return user_id


def _proof(tx: Tx, user_id: str) -> bytes:
    return hmac.new(bytes.fromhex(link_key(tx)), f"mail~{user_id}".encode(), hashlib.sha256).digest()


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
