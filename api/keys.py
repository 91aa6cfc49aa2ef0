"""The keys that tokens are signed with, each pinned to its one algorithm (RFC 8725 section 3.1)."""

import asyncio
import json
import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import jwt
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from api.errors import InvalidToken, Unavailable
from api.outbound import fetch
from api.settings import BadSettings, Settings

UNKNOWN_KEY_SECONDS = 60
REFRESH_SECONDS = 600
RETRY_SECONDS = 1
log = logging.getLogger("porchlight.auth")


class Key(msgspec.Struct, frozen=True):
    """`id` is the JWK's `kid`, or empty for a key that stands for itself."""

    id: str
    algorithm: str
    material: Any


class Keys:
    """`PORCHLIGHT_JWT_SECRET`, and the public keys of `PORCHLIGHT_JWT_PUBLIC_KEYS`: PEM text, a file or a JWKS URL."""

    def __init__(self, settings: Settings) -> None:
        secret = settings.jwt_secret
        self._fixed = [Key("", "HS256", secret.encode())] if secret else []
        self._source = settings.jwt_public_keys
        self._remote = self._source.startswith(("https://", "http://"))
        self._fetched: list[Key] = []
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()
        if self._source and not self._remote:
            self._fixed += _read(self._source)

    async def matching(self, header: dict[str, Any]) -> list[Key]:
        """The keys that may have signed a token with this header. Raises InvalidToken, Unavailable."""
        found = self._matching(header)
        if self._remote and self._due(bool(found)):
            # Whoever has a key need not wait while somebody else fetches them anew.
            if not (found and self._fetching.locked()):
                await self._refresh(bool(found))
            found = self._matching(header)
        if self._remote and not (found or self._fetched):
            raise Unavailable("The keys for tokens cannot be fetched.")
        if not found:
            raise InvalidToken
        return found

    def _due(self, found: bool) -> bool:
        age = time.monotonic() - self._fetched_at
        return age > (REFRESH_SECONDS if found else UNKNOWN_KEY_SECONDS if self._fetched else RETRY_SECONDS)

    def _matching(self, header: dict[str, Any]) -> list[Key]:
        kid = header.get("kid")
        return [
            key
            for key in self._fixed + self._fetched
            if key.algorithm == header.get("alg") and (not key.id or kid is None or key.id == kid)
        ]

    async def _refresh(self, found: bool) -> None:
        async with self._fetching:
            if not self._due(found):
                return
            try:
                self._fetched = _jwks(await fetch(self._source))
            except (Unavailable, ValueError) as error:
                # The keys of a moment ago are better than none.
                log.warning("the keys for tokens cannot be fetched", extra={"reason": str(error)})
            self._fetched_at = time.monotonic()


def mistakes(settings: Settings) -> Iterable[str]:
    """What is wrong with the keys, to be told with the mistakes of the other settings."""
    try:
        Keys(settings)
    except BadSettings as error:
        return error.mistakes
    return ()


def _read(source: str) -> list[Key]:
    try:
        text = source if source.lstrip().startswith(("-----BEGIN", "{")) else Path(source).read_text()
        return _jwks(text.encode()) if text.lstrip().startswith("{") else _pem(text)
    except (OSError, ValueError, UnsupportedAlgorithm) as error:
        raise BadSettings([f"PORCHLIGHT_JWT_PUBLIC_KEYS: no keys can be read from it ({error})"]) from error


def _pem(text: str) -> list[Key]:
    end = "-----END PUBLIC KEY-----"
    parts = [part + end for part in text.split(end) if part.strip()]
    materials = [load_pem_public_key(part.strip().encode()) for part in parts]
    return [Key("", _algorithm(material), material) for material in materials]


def _jwks(raw: bytes) -> list[Key]:
    document = json.loads(raw)
    found = document.get("keys") if isinstance(document, dict) else None
    keys = [key for jwk in found if (key := _key(jwk))] if isinstance(found, list) else []
    if not keys:
        raise ValueError("it holds no public key for RS256, ES256 or EdDSA")
    return keys


def _key(jwk: Any) -> Key | None:
    """None for what we cannot use: one strange key among others must not refuse the tokens of all."""
    # Symmetric keys have no business in a public document.
    if not isinstance(jwk, dict) or jwk.get("kty") not in ("RSA", "EC", "OKP") or jwk.get("use", "sig") != "sig":
        return None
    try:
        material = jwt.PyJWK(jwk).key
        algorithm = _algorithm(material)
    except (jwt.PyJWTError, ValueError):
        return None
    return Key(str(jwk.get("kid", "")), algorithm, material) if jwk.get("alg", algorithm) == algorithm else None


def _algorithm(material: Any) -> str:
    if isinstance(material, rsa.RSAPublicKey) and material.key_size >= 2048:
        return "RS256"
    if isinstance(material, ec.EllipticCurvePublicKey) and isinstance(material.curve, ec.SECP256R1):
        return "ES256"
    if isinstance(material, ed25519.Ed25519PublicKey):
        return "EdDSA"
    raise ValueError("keys must be RSA (2048 bits or more), EC P-256 or Ed25519")
