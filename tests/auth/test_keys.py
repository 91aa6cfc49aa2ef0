import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from api import keys
from api.app import PREFIX, create_app
from api.settings import BadSettings, Settings
from tests.conftest import SECRET, SetClock, serving

NOW = SetClock().now // 1000
CLAIMS = {"sub": "pat", "role": "provider", "iss": "porchlight", "aud": "porchlight", "iat": NOW, "exp": NOW + 600}
PRIVATE: dict[str, Any] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
STRANGE = ec.generate_private_key(ec.SECP384R1())
TO_JWK: dict[str, Any] = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
PEM = {
    name: key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    for name, key in PRIVATE.items()
}


SHORT = rsa.generate_private_key(65537, 1024)  # noqa: S505


def jwk(algorithm: str, **more: Any) -> dict[str, Any]:
    public = PRIVATE[algorithm].public_key()
    return dict(TO_JWK[algorithm].to_jwk(public, as_dict=True)) | {"kid": algorithm} | more


def jwks(*algorithms: str) -> dict[str, Any]:
    # Beside the keys, what other issuers publish and we cannot use.
    strange = [{"kty": "oct", "k": "AAAA"}, ECAlgorithm.to_jwk(STRANGE.public_key(), as_dict=True), {"kty": "RSA"}, 3]
    return {"keys": [*strange, *(jwk(algorithm) for algorithm in algorithms)]}


def signed(algorithm: str, key: Any = None, headers: dict[str, Any] | None = None) -> str:
    return jwt.encode(CLAIMS, key or PRIVATE[algorithm], algorithm, headers=headers)


@asynccontextmanager
async def trusting(source: str, folder: Path, secret: str = "") -> AsyncIterator[Callable[[str], Awaitable[int]]]:
    """A server with these public keys; call it with a token for the status of the answer."""
    settings = Settings(data_dir=folder, jwt_public_keys=source, jwt_secret=secret, encryption_key=SECRET)
    async with (
        serving(create_app(settings, SetClock())) as address,
        httpx.AsyncClient(base_url=address + PREFIX, timeout=30) as client,
    ):

        async def status(token: str) -> int:
            return (await client.get("/chat/conversations", headers={"Authorization": f"Bearer {token}"})).status_code

        yield status


class Publisher:
    """An ASGI app that publishes keys, counts who asks, and can be broken."""

    def __init__(self, *algorithms: str) -> None:
        self.body, self.status, self.asked = json.dumps(jwks(*algorithms)).encode(), 200, 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
            return
        self.asked += 1
        await send(
            {"type": "http.response.start", "status": self.status, "headers": [(b"content-type", b"text/plain")]}
        )
        await send({"type": "http.response.body", "body": self.body})


def sources(folder: Path) -> dict[str, str]:
    (folder / "keys.pem").write_text("\n".join(PEM.values()))
    (folder / "keys.json").write_text(json.dumps(jwks(*PRIVATE)))
    return {
        "PEM text": "".join(PEM.values()),
        "JWKS text": json.dumps(jwks(*PRIVATE)),
        "PEM file": str(folder / "keys.pem"),
        "JWKS file": str(folder / "keys.json"),
    }


@pytest.mark.parametrize("name", ["PEM text", "JWKS text", "PEM file", "JWKS file"])
async def test_tokens_of_each_algorithm_are_taken_from_each_source(name: str, tmp_path: Path) -> None:
    async with trusting(sources(tmp_path)[name], tmp_path) as status:
        for algorithm in PRIVATE:
            assert await status(signed(algorithm)) == 200
            assert await status(signed(algorithm, headers={"kid": algorithm})) == 200


async def test_each_key_is_pinned_to_its_algorithm(tmp_path: Path) -> None:
    text = sources(tmp_path)["JWKS text"]
    async with trusting(text, tmp_path) as status:
        assert await status(signed("PS256", PRIVATE["RS256"])) == 401
        assert await status(signed("RS512", PRIVATE["RS256"])) == 401
        assert await status(signed("ES256", PRIVATE["ES256"], {"kid": "RS256"})) == 401
        assert await status(signed("HS256", SECRET)) == 401
        assert await status(signed("ES384", STRANGE)) == 401


@pytest.mark.parametrize("algorithm", PRIVATE)
async def test_a_public_key_is_no_secret(algorithm: str, tmp_path: Path) -> None:
    # PyJWT itself refuses to sign with PEM text, so the bytes between its lines stand for it.
    middle = "".join(PEM[algorithm].splitlines()[1:-1])
    async with trusting(PEM[algorithm], tmp_path, SECRET) as status:
        assert await status(signed("HS256", middle + "=" * 32)) == 401
        assert await status(signed("HS256", SECRET)) == 200
        assert await status(signed(algorithm)) == 200


async def test_a_key_that_says_it_is_for_another_use_is_not_used(tmp_path: Path) -> None:
    good, other, encryption = jwk("ES256"), jwk("RS256", alg="PS256"), jwk("EdDSA", use="enc")
    async with trusting(json.dumps({"keys": [good, other, encryption]}), tmp_path) as status:
        assert [await status(signed(algorithm)) for algorithm in ("ES256", "RS256", "EdDSA")] == [200, 401, 401]


async def test_keys_of_an_address_are_fetched_once_for_all_who_wait(tmp_path: Path) -> None:
    publisher = Publisher("RS256", "ES256")
    async with serving(publisher) as address, trusting(f"{address}/jwks", tmp_path) as status:
        tokens = [signed("RS256"), signed("ES256")] * 10
        assert {*[await call for call in [status(token) for token in tokens]]} == {200}
        assert publisher.asked == 1


async def test_callers_at_the_same_moment_all_wait_for_the_keys(tmp_path: Path) -> None:
    publisher = Publisher("RS256")
    async with serving(publisher) as address, trusting(f"{address}/jwks", tmp_path) as status:
        token = signed("RS256")
        assert {*await asyncio.gather(*(status(token) for _ in range(20)))} == {200}
        assert publisher.asked == 1


@pytest.mark.parametrize(
    ("status_code", "body"),
    [(500, b""), (200, b"[]"), (200, b"{}"), (200, b'{"keys":[]}'), (200, b"<html>"), (302, b"")],
)
async def test_without_any_keys_a_caller_is_told_to_come_back(tmp_path: Path, status_code: int, body: bytes) -> None:
    publisher = Publisher()
    publisher.status, publisher.body = status_code, body
    async with serving(publisher) as address, trusting(address, tmp_path) as status:
        assert [await status(signed("RS256")), await status(signed("ES256"))] == [503, 503]


async def test_a_new_key_is_fetched_and_a_broken_publisher_takes_no_old_one_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = Publisher("RS256")
    async with serving(publisher) as address, trusting(address, tmp_path) as status:
        assert [await status(signed("RS256")), await status(signed("ES256"))] == [200, 401]
        monkeypatch.setattr(keys, "UNKNOWN_KEY_SECONDS", 0)
        publisher.body = json.dumps(jwks("RS256", "ES256")).encode()
        assert await status(signed("ES256")) == 200
        publisher.status = 500
        monkeypatch.setattr(keys, "REFRESH_SECONDS", 0)
        assert [await status(signed("RS256")), await status(signed("EdDSA"))] == [200, 401]


@pytest.mark.parametrize(
    "source",
    [
        "/nowhere/keys.pem",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        '{"keys":[]}',
        '{"keys":3}',
        "{",
        SHORT.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    ],
)
def test_keys_that_cannot_be_read_stop_the_start(source: str, tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="PORCHLIGHT_JWT_PUBLIC_KEYS: no keys can be read from it"):
        create_app(Settings(data_dir=tmp_path, jwt_public_keys=source, encryption_key=SECRET))
