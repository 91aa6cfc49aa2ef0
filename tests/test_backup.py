import asyncio
import shutil
import sqlite3
from pathlib import Path

import pytest

from api import backup
from api.app import create_app
from api.db import Closed
from api.db.open import data_folder
from api.settings import Settings
from tests.conftest import Cast, SetClock, postgres_schema, say, serving
from tests.files.conftest import upload

pytestmark = pytest.mark.filterwarnings("default::ResourceWarning")


@pytest.fixture
def database_url() -> str:
    """A backup is a copy of a file on SQLite; PostgreSQL's own tools have a test of their own."""
    return ""


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder beside the data folder."""
    return tmp_path_factory.mktemp("outside")


def texts(folder: Path) -> list[str]:
    with sqlite3.connect(folder / backup.DATABASE) as conn:
        return [row[0] for row in conn.execute("select text from messages order by seq")]


async def test_a_backup_under_writes_holds_what_was_acknowledged(cast: Cast, settings: Settings, outside: Path) -> None:
    acknowledged = [(await say(cast.pat, str(number)))["text"] for number in range(20)]
    async with asyncio.TaskGroup() as group:
        for number in range(20, 60):
            group.create_task(say(cast.carol, str(number)))
        folder, notes = await asyncio.to_thread(backup.backup, settings, outside)
    assert notes == []
    assert set(acknowledged) <= set(texts(folder))


async def test_a_restore_brings_back_the_state_with_a_new_epoch(
    cast: Cast, settings: Settings, clock: SetClock, outside: Path
) -> None:
    await say(cast.pat, "Before")
    epoch = (await cast.pat.get("/events")).json()["epoch"]
    folder, _ = await asyncio.to_thread(backup.backup, settings, outside)
    other = Settings(env="development", data_dir=outside / "other", jwt_secret=settings.jwt_secret)
    other.data_dir.mkdir()
    backup.restore(other, folder)
    headers = dict(cast.pat.headers)
    async with serving(create_app(other, clock), other) as address:
        cast.pat.base_url = f"{address}{cast.pat.base_url.path}"
        answer = (await cast.pat.get("/events", params={"since": 0, "epoch": epoch}, headers=headers)).json()
        assert (answer["recovered"], answer["epoch"] != epoch) == (False, True)
        assert (await cast.pat.get("/chat/booking/1/history")).json()["items"][0]["text"] == "Before"


async def test_what_was_there_is_kept_aside(cast: Cast, settings: Settings, outside: Path) -> None:
    folder, _ = backup.backup(settings, outside)
    other = Settings(env="development", data_dir=outside / "other", jwt_secret=settings.jwt_secret)
    other.data_dir.mkdir()
    (other.data_dir / "porchlight.db").write_text("what was there")
    aside = backup.restore(other, folder)
    assert (aside / "porchlight.db").read_text() == "what was there"
    assert texts(other.data_dir) == []


async def test_a_backup_holds_the_files_that_people_sent(cast: Cast, settings: Settings, outside: Path) -> None:
    sent = (await upload(cast.pat)).json()["id"]
    (settings.data_dir / "files" / "arriving" / "half").write_bytes(b"half a file")
    folder, notes = await asyncio.to_thread(backup.backup, settings, outside)
    assert (notes, (folder / "files" / "arriving").exists(), sent[:5]) == ([], False, "file_")
    (blob,) = (settings.data_dir / "files").glob("??/*")
    assert (folder / blob.relative_to(settings.data_dir)).read_bytes() == blob.read_bytes()
    blob.unlink()
    assert backup.backup(settings, outside / "later")[1] == ["1 stored files were deleted while the backup was made"]


async def test_a_backup_is_one_file_of_the_database_and_what_else_the_folder_holds(
    cast: Cast, settings: Settings, outside: Path
) -> None:
    (settings.data_dir / "jwt-secret").write_text("kept")
    folder, _ = backup.backup(settings, outside)
    assert [path.name for path in folder.glob("porchlight.db*")] == ["porchlight.db"]
    assert (folder / "jwt-secret").read_text() == "kept"


async def test_a_folder_in_which_a_restore_broke_off_is_not_served(
    cast: Cast, settings: Settings, outside: Path
) -> None:
    await say(cast.pat, "Kept")
    folder, _ = backup.backup(settings, outside)
    other = Settings(env="development", data_dir=outside / "other", jwt_secret=settings.jwt_secret)
    (other.data_dir / "restoring").mkdir(parents=True)
    with pytest.raises(Closed, match="broke off: run it again"), data_folder(other):
        pass
    with data_folder(other, restoring=True):
        backup.restore(other, folder)
    with data_folder(other):
        assert texts(other.data_dir) == ["Kept"]


async def test_a_backup_into_the_data_folder_is_refused(cast: Cast, settings: Settings) -> None:
    with pytest.raises(Closed, match="lies in the data folder"):
        backup.backup(settings, settings.data_dir / "backups")


async def test_a_changed_or_damaged_backup_is_refused(cast: Cast, settings: Settings, outside: Path) -> None:
    folder, _ = backup.backup(settings, outside)
    broken = shutil.copytree(folder, outside / "broken")
    (broken / backup.DATABASE).write_bytes(b"\0" * 8192)
    with pytest.raises(Closed, match="has changed since the backup"):
        backup.restore(settings, broken)
    with pytest.raises(Closed, match="is not a backup"):
        backup.restore(settings, outside)
    assert not list(settings.data_dir.glob("before-restore-*"))


def test_postgresql_is_dumped_by_its_own_tool(tmp_path: Path, outside: Path, engine: str) -> None:
    if engine != "postgres" or shutil.which("pg_dump") is None:
        pytest.skip("needs PostgreSQL and its tools")
    with postgres_schema() as url:
        settings = Settings(env="development", data_dir=tmp_path / "data", database_url=url)
        settings.data_dir.mkdir()
        (settings.data_dir / "jwt-secret").write_text("kept")
        folder, notes = backup.backup(settings, outside)
    assert notes == []
    assert (folder / "jwt-secret").read_text() == "kept"
    assert (folder / backup.DUMP).stat().st_size > 0
