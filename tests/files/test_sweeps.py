import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from api.boundary import Boundary
from api.files import sweeping
from api.settings import Settings
from tests.conftest import Cast, SetClock
from tests.files.conftest import TEXT, uploaded

Attach = Callable[..., Awaitable[Any]]
DAY = 24 * 3600


def on_disk(settings: Settings) -> set[Path]:
    return {path for path in (settings.data_dir / "files").rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def _a_token_for_days(cast: Cast, token: Callable[..., str]) -> None:
    cast.pat.headers["Authorization"] = f"Bearer {token('pat', ttl=3 * DAY)}"


async def answers(cast: Cast, *file_ids: str) -> list[int]:
    return [(await cast.pat.get(f"/files/{file_id}")).status_code for file_id in file_ids]


@pytest.fixture
async def sweep(app: Boundary, cast: Cast) -> Callable[[], Awaitable[None]]:
    """What the outbox does each minute."""
    state = app._app.state

    async def run() -> None:
        work = sweeping.works(state.files, state.db)["sweep.files"]
        assert work.outside is not None
        await work.outside(None)  # type: ignore[arg-type]
        for shard in range(256):
            await sweeping.sweep_shard(state.files, state.db, shard)

    return run


async def test_what_hangs_on_nothing_goes_after_a_day(
    cast: Cast, settings: Settings, clock: SetClock, attach: Attach, sweep: Callable[[], Awaitable[None]]
) -> None:
    loose, hung = [(await uploaded(cast.pat, TEXT, purpose="ticket"))["id"] for _ in range(2)]
    await attach("pat", hung)
    clock.advance(DAY)
    await sweep()
    assert await answers(cast, loose, hung) == [200, 200]
    clock.advance(1)
    await sweep()
    assert await answers(cast, loose, hung) == [404, 200]
    assert len(on_disk(settings)) == 1


async def test_what_was_swept_makes_room_in_the_quota(
    cast: Cast, app: Boundary, clock: SetClock, sweep: Callable[[], Awaitable[None]]
) -> None:
    await uploaded(cast.pat)
    clock.advance(DAY + 1)
    await sweep()
    usage = await app._app.state.db.read(lambda tx: tx.value("select files + bytes from file_usage"))
    assert usage == 0


async def test_a_file_without_a_row_is_removed_after_an_hour_and_others_stay(
    cast: Cast, settings: Settings, sweep: Callable[[], Awaitable[None]]
) -> None:
    kept = (await uploaded(cast.pat))["id"]
    (there,) = on_disk(settings)
    orphan, young = there.with_name(there.name[:2] + "0" * 30), there.with_name(there.name[:2] + "1" * 30)
    for path in (orphan, young):
        path.write_bytes(b"left by a process that died")
    for path in (orphan, there):
        os.utime(path, (time.time() - 3700,) * 2)
    await sweep()
    assert on_disk(settings) == {there, young}
    assert await answers(cast, kept) == [200]


async def test_a_draft_that_nobody_writes_to_any_more_is_removed(
    cast: Cast, settings: Settings, sweep: Callable[[], Awaitable[None]]
) -> None:
    old, young = [settings.data_dir / "files" / "arriving" / name for name in ("old", "young")]
    for path in (old, young):
        path.write_bytes(b"half a file")
    os.utime(old, (time.time() - 3700,) * 2)
    await sweep()
    assert on_disk(settings) == {young}


async def test_the_outbox_does_it_by_itself(cast: Cast, clock: SetClock) -> None:
    loose = (await uploaded(cast.pat))["id"]
    clock.advance(DAY + 120)
    async with asyncio.timeout(30):
        while await answers(cast, loose) != [404]:
            await asyncio.sleep(0.1)


async def test_a_link_on_disk_is_not_followed(cast: Cast, settings: Settings) -> None:
    found = await uploaded(cast.pat)
    (there,) = on_disk(settings)
    elsewhere = there.rename(settings.data_dir / "elsewhere")
    there.symlink_to(elsewhere)
    assert (await cast.pat.get(f"/files/{found['id']}")).status_code == 500
