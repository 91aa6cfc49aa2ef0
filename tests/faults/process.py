"""`porchlight` in a process of its own, so that it can be killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from psycopg.conninfo import conninfo_to_dict

from api.app import PREFIX
from api.auth import make_token
from api.clock import system_clock
from api.outbound import Line
from api.settings import Settings
from tests.conftest import ROLES, free_port

PORCHLIGHT = [sys.executable, "-m", "api.cli"]


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """What another process needs to find the same database."""
    url = settings.database_url
    if url:
        options = quote(str(conninfo_to_dict(url)["options"]))
        url = os.environ["TEST_DATABASE_URL"] + f"?options={options}"
    ours = {
        "PORCHLIGHT_DATA_DIR": str(settings.data_dir),
        "PORCHLIGHT_DATABASE_URL": url,
        "PORCHLIGHT_SITE_DIR": str(settings.site_dir),
        "PORCHLIGHT_JWT_SECRET": settings.jwt_secret,
        "PORCHLIGHT_ENCRYPTION_KEY": settings.jwt_secret,
        "PORCHLIGHT_RATE_LIMIT_FACTOR": "1000",
    }
    return os.environ | ours | more


def run(settings: Settings, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = [*PORCHLIGHT, *arguments]
    return subprocess.run(command, env=environment(settings, **more), capture_output=True, text=True, timeout=60)


class Served:
    """A running `porchlight serve`."""

    def __init__(self, settings: Settings, process: subprocess.Popen[str], address: str) -> None:
        self.settings, self.process, self.address = settings, process, address

    def client(self, name: str, *, keepalive: int = 20) -> httpx.AsyncClient:
        """What it raises when the server is gone is a TransportError."""
        token = make_token(self.settings, ROLES[name], name, name=name.title(), ttl=3600, now=system_clock() // 1000)
        return httpx.AsyncClient(
            base_url=self.address + PREFIX,
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
            transport=line(keepalive),
        )

    async def book(self, *bookings: str) -> None:
        """Pat and Carol share each of these bookings."""
        async with self.client("plat") as plat:
            for name in ("pat", "carol"):
                draft = {"role": ROLES[name], "name": name.title()}
                (await plat.put(f"/platform/users/{name}", json=draft)).raise_for_status()
            for booking in bookings:
                shared = {"providerId": "pat", "customerId": "carol", "service": "Tap", "status": "confirmed"}
                (await plat.put(f"/platform/bookings/{booking}", json=shared)).raise_for_status()


@contextmanager
def served(settings: Settings, command: Sequence[str] = (*PORCHLIGHT, "serve"), **more: str) -> Iterator[Served]:
    """Answers already; killed at the end if it still lives."""
    port = free_port()
    # A file takes what a pipe that nobody reads would block on.
    with (settings.data_dir / f"log-{port}").open("w") as log:
        environ = environment(settings, PORCHLIGHT_PORT=str(port), **more)
        # A group of its own: strace, killed, would leave behind whom it watched.
        process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, text=True, start_new_session=True)
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: process.poll() is not None or answers(address))
        assert process.poll() is None, Path(log.name).read_text()
        yield Served(settings, process, address)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def line(keepalive: int = 20) -> Line:
    return Line(verify=False, limits=httpx.Limits(max_connections=200, max_keepalive_connections=keepalive))


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz").status_code == 200
    except httpx.TransportError:
        return False


def wait_until(done: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


async def until(done: Callable[[], Any], seconds: float = 60) -> None:
    """`wait_until`, while others of this loop go on."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


async def history(client: httpx.AsyncClient, booking: str) -> list[dict[str, Any]]:
    """All messages of a room, in the order of their pages."""
    found: list[dict[str, Any]] = []
    while True:
        after = found[-1]["seq"] if found else 0
        answer = await client.get(f"/chat/booking/{booking}/history", params={"after": after, "limit": 100})
        page = answer.raise_for_status().json()
        found += page["items"]
        if not page["hasMoreAfter"]:
            return found
