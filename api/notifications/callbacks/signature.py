"""Whether a provider has signed what it reports (the Standard Webhooks scheme). Values in, values out."""

import base64
import hashlib
import hmac

GOOD_FOR_SECONDS = 300


def signed(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    """`v1,` and the HMAC-SHA-256 over id, timestamp (epoch seconds) and body, in base64."""
    content = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret.encode(), content, hashlib.sha256).digest()).decode()


def is_ours(secret: str, message_id: str, timestamp: str, signatures: str, body: bytes, now: int) -> bool:
    """`signatures`: several with blanks between them while a secret is replaced; `now` in epoch seconds."""
    if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12 and message_id):
        return False
    if abs(now - int(timestamp)) > GOOD_FOR_SECONDS:
        return False
    wanted = signed(secret, message_id, timestamp, body).encode()
    return any(hmac.compare_digest(wanted, given.encode()) for given in signatures.split(" "))
