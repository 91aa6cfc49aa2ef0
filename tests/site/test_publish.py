import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.site import publish

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def put(site_dir: Path, name: str, now: datetime) -> Path:
    with publish.staging(site_dir) as staged:
        (staged / "index.html").write_text(name)
        return publish.publish(site_dir, staged, name * 12, now)


def test_nothing_is_published_at_first(tmp_path: Path) -> None:
    assert publish.current(tmp_path) is None
    assert publish.builds(tmp_path) == []


def test_publishing_swaps_the_link(tmp_path: Path) -> None:
    put(tmp_path, "a", NOON)
    second = put(tmp_path, "b", NOON + timedelta(hours=1))
    assert publish.current(tmp_path) == second
    assert (tmp_path / "current" / "index.html").read_text() == "b"


def test_the_folder_can_be_moved(tmp_path: Path) -> None:
    put(tmp_path / "here", "a", NOON)
    (tmp_path / "here").rename(tmp_path / "there")
    assert (tmp_path / "there" / "current" / "index.html").read_text() == "a"


def test_a_build_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), publish.staging(tmp_path) as staged:
        (staged / "index.html").write_text(str(1 / 0))
    assert os.listdir(tmp_path / "builds") == []


def test_a_replaced_build_goes_a_day_after_it_was_replaced(tmp_path: Path) -> None:
    first = put(tmp_path, "a", NOON)
    second = put(tmp_path, "b", NOON + timedelta(days=3))
    publish.sweep(tmp_path, NOON + timedelta(days=4))
    assert publish.builds(tmp_path) == [first, second]
    publish.sweep(tmp_path, NOON + timedelta(days=4, seconds=1))
    assert publish.builds(tmp_path) == [second]


def test_the_published_build_stays_however_old(tmp_path: Path) -> None:
    built = put(tmp_path, "a", NOON)
    publish.sweep(tmp_path, datetime.now(UTC) + timedelta(days=900))
    assert publish.current(tmp_path) == built
    assert built.is_dir()
