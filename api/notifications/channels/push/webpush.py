"""Web push: messages sealed for one browser (RFC 8291, RFC 8188) and signed by this server (RFC 8292)."""

import base64
import hashlib
import os
import time
from collections.abc import Collection
from urllib.parse import urlsplit

import jwt
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

RECORD_SIZE = 4096
AUTH_BYTES = 16
GOOD_FOR_SECONDS = 12 * 3600
DAY_SECONDS = 86_400


class BadSubscription(ValueError):
    """The keys of a subscription are none."""


def sealed(
    content: bytes, p256dh: str, auth: str, *, own: ec.EllipticCurvePrivateKey | None = None, salt: bytes = b""
) -> bytes:
    """A body of one record that only the subscriber opens; `own` and `salt` are drawn anew. Raises BadSubscription."""
    theirs, secret = point(p256dh), bytes_of(auth)
    if len(secret) != AUTH_BYTES:
        raise BadSubscription
    own, salt = own or ec.generate_private_key(ec.SECP256R1()), salt or os.urandom(16)
    ours = raw(own.public_key())
    shared = own.exchange(ec.ECDH(), theirs)
    material = _derived(shared, secret, b"WebPush: info\0" + raw(theirs) + ours, 32)
    key = _derived(material, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(material, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + RECORD_SIZE.to_bytes(4, "big") + bytes([len(ours)]) + ours
    return head + AESGCM(key).encrypt(nonce, content + b"\x02", None)


def _derived(material: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)


def point(text: str) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_of(text))
    except (ValueError, InvalidKey):
        raise BadSubscription from None


def bytes_of(text: str) -> bytes:
    """Base64url, with or without padding."""
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))


def text_of(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def raw(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class Vapid:
    """This server towards push services; `contact` is a mailto: or https: address for their operators."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, contact: str) -> None:
        self._key, self._contact = key, contact
        self.public = text_of(raw(key.public_key()))

    def authorization(self, endpoint: str, now: int) -> str:
        """`now` in seconds."""
        parts = urlsplit(endpoint)
        claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": now + GOOD_FOR_SECONDS, "sub": self._contact}
        return f"vapid t={jwt.encode(claims, self._key, 'ES256')}, k={self.public}"

    def headers(self, endpoint: str, collapse: str, *, urgent: bool) -> dict[str, str]:
        """`collapse`: a later message replaces one with the same that has not arrived (RFC 8030 section 5.4)."""
        topic = text_of(hashlib.sha256(collapse.encode()).digest()[:24])
        return {
            "Authorization": self.authorization(endpoint, int(time.time())),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(DAY_SECONDS),
            "Topic": topic,
            "Urgency": "high" if urgent else "normal",
        }


def vapid_key(text: str) -> ec.EllipticCurvePrivateKey:
    """The private key of 32 bytes, in base64url. Raises ValueError."""
    content = bytes_of(text)
    if len(content) != 32:
        raise ValueError("must be 32 bytes in base64url")
    return ec.derive_private_key(int.from_bytes(content, "big"), ec.SECP256R1())


def public_key(text: str) -> str:
    """What browsers are given of a key that is kept."""
    return text_of(raw(vapid_key(text).public_key()))


def new_vapid_key() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    return text_of(key.private_numbers().private_value.to_bytes(32, "big"))


def is_push_service(endpoint: str, hosts: Collection[str]) -> bool:
    """Whether a browser can have got this endpoint from a push service; `*.example.com` stands for names below it."""
    try:
        parts = urlsplit(endpoint)
        odd = parts.username is not None or parts.password is not None or parts.port not in (None, 443)
    except ValueError:
        return False
    host = parts.hostname or ""
    named = any(host == name or (name.startswith("*.") and host.endswith(name[1:])) for name in hosts)
    return parts.scheme == "https" and named and not odd and not parts.fragment and "\\" not in endpoint
