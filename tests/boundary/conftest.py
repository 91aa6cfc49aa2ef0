"""One server for each file: the boundary does not ask which database it is, and most of these tests change nothing."""

import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import PREFIX, create_app
from api.auth import make_token
from api.boundary import Boundary
from api.settings import Settings
from tests.conftest import ROLES, SECRET, Cast, SetClock, serving

ORIGIN = "https://app.example.com"


@pytest.fixture(scope="module")
def anyio_backend() -> tuple[str, dict[str, Any]]:
    return "asyncio", {"use_uvloop": True}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(
        env="development",
        data_dir=(folder := tmp_path_factory.mktemp("data")),
        site_dir=folder / "site",
        jwt_secret=SECRET,
        rate_limit_factor=1000,
        allowed_origins=(ORIGIN,),
    )


@pytest.fixture(scope="module")
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="module")
def app(settings: Settings, clock: SetClock) -> Boundary:
    return create_app(settings, clock)


@pytest.fixture(scope="module")
async def server(app: Boundary) -> AsyncIterator[str]:
    async with serving(app) as address:
        yield address


@pytest.fixture(scope="module")
def token(settings: Settings, clock: SetClock) -> Callable[..., str]:
    def make(user_id: str, **more: Any) -> str:
        return make_token(settings, ROLES[user_id], user_id, name=None, ttl=3600, now=clock.now // 1000)

    return make


@pytest.fixture(scope="module")
async def cast(server: str, token: Callable[..., str]) -> AsyncIterator[Cast]:
    clients = {
        name: httpx.AsyncClient(base_url=server + PREFIX, headers={"Authorization": f"Bearer {token(name)}"})
        for name in ROLES
    }
    cast = Cast(**clients, anon=httpx.AsyncClient(base_url=server + PREFIX))
    for name, role in ROLES.items():
        await cast.plat.put(f"/platform/users/{name}", json={"role": role, "name": name.title()})
    for booking, provider, customer in (("1", "pat", "carol"), ("2", "otto", "olga")):
        draft = {"providerId": provider, "customerId": customer, "service": "Tap", "status": "confirmed"}
        assert (await cast.plat.put(f"/platform/bookings/{booking}", json=draft)).status_code == 201
    yield cast
    for client in [*clients.values(), cast.anon]:
        await client.aclose()


@pytest.fixture
def rows() -> Callable[[str], dict[str, list[str]]]:
    """The table rows of a developers' page, by the `code` they are about: the other cells."""

    def read(page: str) -> dict[str, list[str]]:
        lines = [line for line in Path(f"docs/developers/{page}.md").read_text().splitlines() if line.startswith("| ")]
        found = {}
        for cells in ([cell.strip() for cell in line.strip("|").split(" | ")] for line in lines):
            names = [match for cell in cells[:2] if (match := re.fullmatch(r"(?:<a id=.*></a>)?`(\w+)`", cell))]
            if names:
                found[names[0][1]] = [cell for cell in cells if cell != names[0][0]]
        return found

    return read
