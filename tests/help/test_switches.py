"""What operators can switch, and what holds while a build is missing, damaged or replaced."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from api.app import PREFIX, create_app
from api.help.search import INDEX
from api.settings import Settings
from api.site import publish
from tests.boundary.test_problems import check_problem
from tests.conftest import serving


@asynccontextmanager
async def helped(settings: Settings, **changes: Any) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(msgspec.structs.replace(settings, **changes))
    async with serving(app) as address, httpx.AsyncClient(base_url=f"{address}{PREFIX}/help", timeout=30) as client:
        yield client


async def ready(client: httpx.AsyncClient) -> Any:
    answer = await client.get(client.base_url.join("/readyz"))
    return answer.status_code, answer.json()["warnings"]


async def until(holds: Callable[[], Any], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.05)


async def test_search_that_is_switched_off_says_so_and_the_rest_answers(settings: Settings, site_dir: Path) -> None:
    (publish.current(site_dir) or site_dir).joinpath(INDEX).unlink()
    async with helped(settings, help_center_search_enabled=False) as client:
        check_problem(await client.get("/search?q=photo"), 404, "search_disabled")
        assert (await client.get("/article/late-withdrawal")).status_code == 200
        assert await ready(client) == (200, [])


@pytest.mark.parametrize(
    ("seconds", "told"), [(60, "public, max-age=60, stale-while-revalidate=60"), (0, "public, no-cache")]
)
async def test_how_long_an_answer_is_kept_is_a_setting(
    settings: Settings, site_dir: Path, seconds: int, told: str
) -> None:
    async with helped(settings, help_center_cache_duration=seconds) as client:
        assert (await client.get("/tags")).headers["cache-control"] == told


async def test_without_a_build_help_is_unavailable_and_the_server_takes_work(settings: Settings) -> None:
    async with helped(settings) as client:
        for path in ("/categories", "/tags", "/article/late-withdrawal", "/search?q=photo"):
            answer = await client.get(path)
            check_problem(answer, 503, "help_unavailable")
            assert answer.headers["retry-after"] == "1"
        assert await ready(client) == (200, ["help site: no build is published"])


async def test_the_first_build_is_picked_up_by_a_server_that_runs(settings: Settings, published: Path) -> None:
    async with helped(settings) as client:
        shutil.copytree(published, settings.site_dir, symlinks=True)
        await until(lambda: found(client, "/tags"))
        assert await ready(client) == (200, [])


async def found(client: httpx.AsyncClient, path: str) -> bool:
    return (await client.get(path)).status_code == 200


@pytest.mark.parametrize("damage", ["missing", "truncated"])
async def test_a_damaged_index_keeps_the_last_good_one_and_readyz_says_so(
    settings: Settings, site_dir: Path, damage: str
) -> None:
    index = (publish.current(site_dir) or site_dir) / INDEX
    async with helped(settings) as client:
        before = await client.get("/search?q=photo")
        content = index.read_bytes()
        index.unlink() if damage == "missing" else index.write_bytes(content[:-100])
        await until(lambda: warned(client))
        status, (warning,) = await ready(client)
        assert (status, "search_index.json" in warning, str(site_dir) in warning) == (200, True, False)
        assert (await client.get("/search?q=photo")).content == before.content
        index.write_bytes(content)
        await until(lambda: calm(client))


async def warned(client: httpx.AsyncClient) -> bool:
    return bool((await ready(client))[1])


async def calm(client: httpx.AsyncClient) -> bool:
    return not await warned(client)


async def test_a_rebuild_changes_the_etag_at_once(settings: Settings, site_dir: Path) -> None:
    async with helped(settings) as client:
        etag = {"If-None-Match": (await client.get("/tags")).headers["etag"]}
        with publish.staging(site_dir) as staged:
            shutil.copytree(site_dir / "current", staged, dirs_exist_ok=True)
            publish.publish(site_dir, staged, "f" * 12, datetime.now(UTC))
        await until(lambda: changed(client, etag), seconds=3)


async def changed(client: httpx.AsyncClient, etag: dict[str, str]) -> bool:
    return (await client.get("/tags", headers=etag)).status_code == 200
