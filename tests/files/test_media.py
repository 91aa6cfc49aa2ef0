import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from api.boundary import Boundary
from api.db import Tx
from api.files import actions, decoder, intake
from tests.conftest import Cast, SetClock
from tests.files.conftest import TEXT, upload, uploaded
from tests.files.pictures import photo
from tests.files.test_sniff import spoken


@pytest.fixture
def database_url() -> str:
    return ""


def lying(content: bytes) -> bytes:
    """One sample a second, says its header."""
    return content[:24] + struct.pack("<II", 1, 2) + content[32:]


@pytest.mark.parametrize(
    ("content", "seconds"), [(spoken(2.5), 2.5), (lying(spoken(2.5)), None), (spoken(2.5)[:60], None)]
)
async def test_how_long_a_voice_lasts_is_told_where_it_can_be_believed(
    cast: Cast, content: bytes, seconds: float | None
) -> None:
    found = await uploaded(cast.pat, content, "voice.wav")
    assert (found["type"], found["durationSeconds"]) == ("audio/wav", seconds)


async def test_without_pillow_images_are_refused_and_all_else_is_taken(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "AVAILABLE", False)
    refused = await upload(cast.pat, photo(), "tap.jpg")
    assert (refused.status_code, refused.json()["code"]) == (415, "file_type_refused")
    assert "extra `media`" in refused.json()["detail"]
    assert (await uploaded(cast.pat, spoken(), "voice.wav"))["durationSeconds"] is None


async def test_a_picture_that_takes_too_long_costs_itself_and_no_other(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(decoder, "SECONDS", 0.001)
        refused = await upload(cast.pat, photo(), "tap.jpg")
    assert (refused.status_code, refused.json()["code"]) == (413, "image_too_large")
    assert (await uploaded(cast.pat, photo(), "tap.jpg"))["state"] == "ready"


async def test_the_process_that_decodes_is_recycled(cast: Cast, app: Boundary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder, "RECYCLED_AFTER", 2)
    pids = []
    for _ in range(4):
        await uploaded(cast.pat, photo(), "tap.jpg")
        process = app._app.state.files._decoder._process
        pids.append(process.pid if process else None)
    assert (pids[0], pids[1], pids[2] not in (None, pids[0]), pids[3]) == (pids[0], None, True, None)


async def test_a_process_that_died_is_started_anew(cast: Cast, app: Boundary) -> None:
    await uploaded(cast.pat, photo(), "tap.jpg")
    process = app._app.state.files._decoder._process
    process.kill()
    await process.wait()
    answers = [await upload(cast.pat, photo(), "tap.jpg") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [400, 201]


async def test_a_disk_that_takes_no_file_answers_read_only_and_leaves_no_row(
    cast: Cast, app: Boundary, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    refused = await upload(cast.pat)
    monkeypatch.undo()
    assert (refused.status_code, refused.json()["code"]) == (503, "read_only")
    assert await app._app.state.db.read(lambda tx: tx.value("select count(*) from files")) == 0
    assert (await upload(cast.pat)).status_code == 201


async def test_a_file_is_attached_or_swept_and_never_both(
    cast: Cast, app: Boundary, clock: SetClock, attach: Callable[..., Awaitable[Any]]
) -> None:
    ids = [(await uploaded(cast.pat, TEXT, purpose="ticket"))["id"] for _ in range(10)]
    clock.advance(24 * 3600 + 1)
    db = app._app.state.db
    outcomes = await asyncio.gather(
        *(attach("pat", file_id) for file_id in ids[:5]),
        db.write(actions.drop_loose, 24, 5),
        *(attach("pat", file_id) for file_id in ids[5:]),
        return_exceptions=True,
    )
    attached = sum(isinstance(outcome, list) and hasattr(outcome[0], "url") for outcome in outcomes)
    left: list[str] = await db.read(all_ids)
    assert attached == len(left)


def all_ids(tx: Tx) -> list[str]:
    return tx.all(str, "select id from files")
