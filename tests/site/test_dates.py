import subprocess
from datetime import UTC, datetime
from pathlib import Path

from api.site.dates import last_changes

COMMITTED = datetime(2026, 3, 1, 8, tzinfo=UTC)


def git(folder: Path, *arguments: str) -> None:
    identity = {"GIT_AUTHOR_NAME": "W", "GIT_AUTHOR_EMAIL": "w@example.com", "GIT_CONFIG_GLOBAL": "/dev/null"}
    identity |= {"GIT_COMMITTER_NAME": "W", "GIT_COMMITTER_EMAIL": "w@example.com", "PATH": "/usr/bin:/bin"}
    dates = {"GIT_COMMITTER_DATE": COMMITTED.isoformat(), "GIT_AUTHOR_DATE": COMMITTED.isoformat()}
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, env=identity | dates)


def test_a_committed_article_has_the_date_of_its_commit_and_an_edited_one_its_own(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    for name in ("kept.md", "edited.md"):
        (docs / name).write_text("one")
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "x")
    (docs / "edited.md").write_text("two, longer")
    changes = last_changes(docs)
    assert changes["kept.md"] == COMMITTED
    assert changes["edited.md"] > COMMITTED


def test_without_a_repository_the_files_own_time_counts(tmp_path: Path) -> None:
    (tmp_path / "new.md").write_text("x")
    assert last_changes(tmp_path)["new.md"] == datetime.fromtimestamp((tmp_path / "new.md").stat().st_mtime, UTC)
