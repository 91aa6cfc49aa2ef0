"""The cast, and a real server on each database for them to talk to.

*pat* the provider and *carol* her customer share booking 1; *otto* is a provider who shares booking 2 with *olga*;
*agnes* is an agent, *ada* the admin, *plat* the platform.
"""

import asyncio
import json
import os
import random
import shutil
import socket
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psycopg
import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from api.app import PREFIX, create_app
from api.auth import Role, make_token
from api.boundary import Boundary
from api.db import Database, open_database
from api.server import configured
from api.settings import Settings
from api.site.build import build

PROJECT = Path(__file__).parents[1]
BASE_URL = "https://help.example.com"
SECRET = "an-owl-hunts-quietly-over-wet-meadows-at-dusk"
ROLES: dict[str, Role] = {
    "pat": "provider",
    "otto": "provider",
    "carol": "customer",
    "olga": "customer",
    "agnes": "agent",
    "ada": "admin",
    "plat": "service",
}


class SetClock:
    """A clock that stands until it is told to move; epoch milliseconds."""

    def __init__(self) -> None:
        self.now = 1_795_336_200_000  # 2026-11-22T08:30:00Z, a Sunday

    def __call__(self) -> int:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += round(seconds * 1000)


class Cast(msgspec.Struct):
    pat: httpx.AsyncClient
    otto: httpx.AsyncClient
    carol: httpx.AsyncClient
    olga: httpx.AsyncClient
    agnes: httpx.AsyncClient
    ada: httpx.AsyncClient
    plat: httpx.AsyncClient
    anon: httpx.AsyncClient


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": True}


@contextmanager
def postgres_schema() -> Iterator[str]:
    """The address of an empty schema of our own, dropped afterwards."""
    url = os.environ["TEST_DATABASE_URL"]
    schema = f"porchlight_test_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f'create schema "{schema}"')
        try:
            yield psycopg.conninfo.make_conninfo(url, options=f"-c search_path={schema}")
        finally:
            conn.execute(f'drop schema "{schema}" cascade')


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres" and not os.environ.get("TEST_DATABASE_URL"):
        pytest.skip("TEST_DATABASE_URL is not set")
    return str(request.param)


@pytest.fixture
def database_url(engine: str) -> Iterator[str]:
    if engine == "sqlite":
        yield ""
        return
    with postgres_schema() as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        env="development",
        data_dir=tmp_path,
        site_dir=tmp_path / "site",
        database_url=database_url,
        jwt_secret=SECRET,
        rate_limit_factor=1000,
    )


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SITE_DIR with one build of the real docs. Copy it before changing it."""
    site_dir = tmp_path_factory.mktemp("published")
    build(PROJECT, site_dir, f"{BASE_URL}/")
    return site_dir


@pytest.fixture
def site_dir(published: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(published, tmp_path / "site", symlinks=True))


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def db(settings: Settings, clock: SetClock) -> AsyncIterator[Database]:
    database = open_database(settings, clock)
    await database.open()
    yield database
    await database.close()


def free_socket() -> socket.socket:
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", 0))
    return listener


def free_port() -> int:
    """Where a server that is started in a moment finds nobody.

    Linux gives connections a port of 32768 or above, and each worker of pytest has an eighth of those below.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = random.randrange(10_000 + worker % 8, 32_768, 8)
        with socket.socket() as looking, suppress(OSError):
            looking.bind(("127.0.0.1", port))
            return port


@asynccontextmanager
async def serving(app: Any, settings: Settings | None = None) -> AsyncIterator[str]:
    """A real server in this process; its address without a path."""
    listener = free_socket()
    server = uvicorn.Server(configured(app, settings or Settings()))
    # Signals are the test runner's.
    running = asyncio.create_task(server._serve([listener]))
    while not server.started:
        if running.done():
            running.result()
        await asyncio.sleep(0.001)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running


@pytest.fixture
def app(settings: Settings, clock: SetClock) -> Boundary:
    return create_app(settings, clock)


@pytest.fixture
async def server(app: Boundary, settings: Settings) -> AsyncIterator[str]:
    async with serving(app, settings) as address:
        yield address


@pytest.fixture
def token(settings: Settings, clock: SetClock) -> Callable[..., str]:
    def make(user_id: str, role: Role | None = None, *, name: str | None = None, ttl: int = 3600) -> str:
        chosen = role or ROLES[user_id]
        return make_token(settings, chosen, user_id, name=name or user_id.title(), ttl=ttl, now=clock.now // 1000)

    return make


@pytest.fixture
async def cast(server: str, token: Callable[..., str]) -> AsyncIterator[Cast]:
    """Everybody with a token, and the two bookings on record."""
    clients = {
        name: httpx.AsyncClient(
            base_url=server + PREFIX, headers={"Authorization": f"Bearer {token(name)}"}, timeout=30
        )
        for name in ROLES
    }
    cast = Cast(**clients, anon=httpx.AsyncClient(base_url=server + PREFIX, timeout=30))
    for name, role in ROLES.items():
        await cast.plat.put(f"/platform/users/{name}", json={"role": role, "name": name.title()})
    for booking, provider, customer in (("1", "pat", "carol"), ("2", "otto", "olga")):
        draft = {"providerId": provider, "customerId": customer, "service": "Tap", "status": "confirmed"}
        answer = await cast.plat.put(f"/platform/bookings/{booking}", json=draft)
        assert answer.status_code == 201
    yield cast
    for client in [*clients.values(), cast.anon]:
        await client.aclose()


class Device:
    """A socket that has said hello: asks, and keeps the events that come in between."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.welcome: Any = None
        self._asked = 0
        self._events: list[Any] = []
        self._presence: list[Any] = []

    async def ask(self, kind: str, **fields: Any) -> Any:
        """Send a frame and return its ack or error."""
        self._asked += 1
        await self.connection.send(json.dumps({"type": kind, "id": self._asked, **fields}))
        while (frame := await self._receive()).get("id") != self._asked:
            self._keep(frame)
        return frame

    def _keep(self, frame: Any) -> None:
        # Whoever else connects is told when it pleases: nobody who waits for something else wants to hear of it.
        (self._presence if frame["type"] == "presence" else self._events).append(frame)

    async def hello(self, **fields: Any) -> Any:
        answer = await self.ask("hello", **fields)
        if answer["type"] == "ack":
            self.welcome = await self._receive()
        return answer

    async def event(self) -> Any:
        """The next event but for presence, which may have come already."""
        while not self._events:
            self._keep(await self._receive())
        return self._events.pop(0)

    async def presence(self) -> Any:
        """What the next presence event holds."""
        while not self._presence:
            self._keep(await self._receive())
        return self._presence.pop(0)["data"]

    async def _receive(self) -> Any:
        async with asyncio.timeout(60):
            return json.loads(await self.connection.recv())

    async def closed(self) -> int:
        """Hear the rest until the server closes; its close code."""
        async with asyncio.timeout(60):
            with suppress(ConnectionClosed):
                while True:
                    self._keep(json.loads(await self.connection.recv()))
        return self.connection.close_code or 0


@pytest.fixture
async def device(server: str, token: Callable[..., str]) -> AsyncIterator[Callable[..., Any]]:
    """Opens a device of somebody in the cast and says hello, from `resume` on if given."""
    async with AsyncExitStack() as stack:

        async def open_device(name: str, **hello: Any) -> Device:
            url = server.replace("http", "ws", 1) + PREFIX + "/realtime"
            opened = Device(await stack.enter_async_context(connect(url, proxy=None)))
            await opened.hello(**{"token": token(name), **hello})
            return opened

        yield open_device


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait for what happens by itself a moment later."""
    async with asyncio.timeout(seconds):
        while not await holds():
            await asyncio.sleep(0.02)


async def say(who: httpx.AsyncClient, text: str | None = "Hello", booking: str = "1", **fields: Any) -> Any:
    """Send a message and return it."""
    answer = await who.post(f"/chat/booking/{booking}/message", json={"text": text, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()
