import asyncio

import msgspec
import pytest

from api.settings import Settings
from tests.conftest import Cast
from tests.files.conftest import TEXT, upload, uploaded

MOST = 7


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return msgspec.structs.replace(settings, file_quota_count=MOST, file_quota_bytes=10_000)


async def test_twice_as_many_at_once_as_there_is_room_for_leave_exactly_so_many(cast: Cast, settings: Settings) -> None:
    answers = await asyncio.gather(*(upload(cast.pat) for _ in range(2 * MOST)))
    assert sorted(answer.status_code for answer in answers) == [201] * MOST + [409] * MOST
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"quota_exceeded"}
    assert sum(path.is_file() for path in (settings.data_dir / "files").rglob("*")) == MOST
    # Each has their own.
    assert (await upload(cast.carol)).status_code == 201


async def test_bytes_are_counted_too(cast: Cast) -> None:
    await uploaded(cast.pat, b"a" * 9_990)
    answers = [await upload(cast.pat, content) for content in (b"a" * 11, b"a" * 10, b"a")]
    assert [answer.status_code for answer in answers] == [409, 201, 409]


async def test_a_repeat_is_answered_when_there_is_no_room_left(cast: Cast) -> None:
    first = await upload(cast.pat, key="u-1")
    for _ in range(MOST - 1):
        await uploaded(cast.pat)
    again = await upload(cast.pat, key="u-1")
    assert (again.status_code, again.content) == (201, first.content)
    assert (await upload(cast.pat, TEXT, key="u-2")).json()["code"] == "quota_exceeded"
