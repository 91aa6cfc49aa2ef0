"""The one HTTP client."""

import httpx

from api.errors import Unavailable


def client(seconds: float = 15) -> httpx.AsyncClient:
    """Follows no redirect and asks no proxy of the environment."""
    return httpx.AsyncClient(timeout=seconds, headers={"accept-encoding": "identity"}, trust_env=False)


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
