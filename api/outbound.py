"""The one HTTP client."""

import httpx

from api.errors import Unavailable


class Line(httpx.AsyncHTTPTransport):
    """Raises TransportError however the other end goes away.

    uvloop has no socket any more for a connection that was cut between its making and its first use, and httpcore
    looks at that socket without asking.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await super().handle_async_request(request)
        except AttributeError as error:
            raise httpx.ConnectError("cut before its first use") from error


def client(seconds: float = 15) -> httpx.AsyncClient:
    """Follows no redirect, asks for nothing packed, and no proxy of the environment."""
    headers = {"accept-encoding": "identity"}
    return httpx.AsyncClient(transport=Line(trust_env=False), timeout=seconds, headers=headers, trust_env=False)


async def fetch(url: str, *, most_bytes: int = 1 << 20, seconds: float = 15) -> bytes:
    """GET without redirects or decompression. Raises Unavailable on anything but a 200 within the limits."""
    try:
        async with (
            client(seconds) as http,
            http.stream("GET", url) as answer,
        ):
            if answer.status_code != 200:
                raise Unavailable(f"Another server answered {answer.status_code}.")
            body = b""
            async for part in answer.aiter_raw():
                body += part
                if len(body) > most_bytes:
                    raise Unavailable("Another server's answer is too long.")
            return body
    except httpx.HTTPError as error:
        raise Unavailable("Another server does not answer.") from error
