"""Push messages to apps through Firebase Cloud Messaging, HTTP v1."""

import asyncio
import time
from typing import Any

import httpx
import jwt
import msgspec

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
HOUR_SECONDS = 3600
EARLY_SECONDS = 120


class Credentials(msgspec.Struct, frozen=True):
    """A service account's key file; its other fields are not needed."""

    project_id: str
    client_email: str
    private_key: str
    token_uri: str


class Fcm:
    """`url`: where the service answers."""

    def __init__(self, credentials: Credentials, url: str = "https://fcm.googleapis.com") -> None:
        self._credentials, self._url = credentials, url
        self._token, self._good_until = "", 0.0
        # Many letters that find the token old ask for one new one.
        self._asking = asyncio.Lock()

    async def send(self, http: httpx.AsyncClient, content: dict[str, Any]) -> httpx.Response:
        """One try, with a fresh access token where the last one is about to end."""
        address = f"{self._url}/v1/projects/{self._credentials.project_id}/messages:send"
        headers = {"Authorization": f"Bearer {await self._access(http)}"}
        return await http.post(address, json={"message": content}, headers=headers)

    async def _access(self, http: httpx.AsyncClient) -> str:
        async with self._asking:
            if time.monotonic() >= self._good_until:
                form = {"grant_type": GRANT, "assertion": self._assertion(int(time.time()))}
                answer = (await http.post(self._credentials.token_uri, data=form)).raise_for_status().json()
                self._token = answer["access_token"]
                self._good_until = time.monotonic() + int(answer.get("expires_in", HOUR_SECONDS)) - EARLY_SECONDS
            return self._token

    def _assertion(self, now: int) -> str:
        """RFC 7523: signed by the service account."""
        claims = {
            "iss": self._credentials.client_email,
            "scope": SCOPE,
            "aud": self._credentials.token_uri,
            "iat": now,
            "exp": now + HOUR_SECONDS,
        }
        return jwt.encode(claims, self._credentials.private_key, "RS256")
