"""The keys that stored files are sealed with: `PORCHLIGHT_ENCRYPTION_KEY`, the current one first."""

import hashlib
from collections.abc import Iterable

import msgspec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from api.settings import BadSettings, Settings, kept_secret

NAME = "PORCHLIGHT_ENCRYPTION_KEY"
LEAST_BYTES = 32


class Key(msgspec.Struct, frozen=True):
    """`id` names the key in every file that it sealed, and tells nothing of it."""

    id: str
    secret: bytes

    def of_file(self, salt: bytes, name: str) -> bytes:
        """The key of one file, bound to its name on disk, so that no file can take the place of another."""
        return HKDF(SHA256(), 32, salt, b"porchlight file " + name.encode()).derive(self.secret)


class Keyring:
    def __init__(self, secrets: Iterable[str]) -> None:
        keys = [_key(secret) for secret in secrets]
        self.current = keys[0]
        self._by_id = {key.id: key for key in keys}

    def __getitem__(self, key_id: str) -> Key:
        """Raises KeyError: the key was taken away before its files were sealed anew."""
        return self._by_id[key_id]


def _key(secret: str) -> Key:
    return Key(hashlib.sha256(b"porchlight key id " + secret.encode()).hexdigest()[:16], secret.encode())


def open_keyring(settings: Settings) -> Keyring:
    """In development a missing key is made once and kept in the data folder. Raises BadSettings."""
    if found := list(mistakes(settings)):
        raise BadSettings(found)
    try:
        return Keyring(_secrets(settings) or [kept_secret(settings.data_dir / "encryption-key")])
    except OSError as error:
        raise BadSettings([f"PORCHLIGHT_DATA_DIR: no key can be kept there ({error})"]) from error


def mistakes(settings: Settings) -> Iterable[str]:
    secrets = _secrets(settings)
    if not secrets and not settings.development:
        yield f"{NAME}: missing, and files are stored sealed only; `openssl rand -base64 48` makes one"
    if any(len(secret.encode()) < LEAST_BYTES or len(set(secret)) < 10 for secret in secrets):
        yield f"{NAME}: a key has less than {LEAST_BYTES} bytes or is a pattern; `openssl rand -base64 48` makes one"


def described(settings: Settings) -> Iterable[str]:
    """The keys by their ids, as stored files name them."""
    for place, secret in enumerate(_secrets(settings)):
        yield f"# {NAME}: {_key(secret).id} {'opens what it sealed' if place else 'seals and opens'}"


def _secrets(settings: Settings) -> list[str]:
    return [part.strip() for part in settings.encryption_key.split(",") if part.strip()]
