"""Builds on disk: each in a folder of its own, one link says which is served, swapped in one step.

SITE_DIR/current -> builds/20260412T081500-3f9a…
SITE_DIR/builds/…
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp

# Pages loaded before a publication still ask for the style sheets and scripts of their time.
KEEP_REPLACED = timedelta(hours=24)


def current(site_dir: Path) -> Path | None:
    """The folder of the published build."""
    try:
        return site_dir / os.readlink(site_dir / "current")
    except FileNotFoundError:
        return None


def builds(site_dir: Path) -> list[Path]:
    """All complete builds still kept, the published one among them, oldest first."""
    folder = site_dir / "builds"
    return sorted(path for path in folder.glob("[!.]*") if path.is_dir()) if folder.is_dir() else []


@contextmanager
def staging(site_dir: Path) -> Iterator[Path]:
    """An empty folder to build in; gone afterwards unless it was published. One builder at a time, others wait."""
    folder = site_dir / "builds"
    folder.mkdir(parents=True, exist_ok=True)
    with open(site_dir / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for left_over in folder.glob(".staged-*"):
            shutil.rmtree(left_over)
        staged = Path(mkdtemp(prefix=".staged-", dir=folder))
        try:
            yield staged
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def publish(site_dir: Path, staged: Path, fingerprint: str, now: datetime) -> Path:
    """Make `staged` the published build. The one it replaces stays for KEEP_REPLACED.

    Nothing is flushed to disk: a build is derived, and what a power cut damages the next `build` finds and makes again.
    """
    replaced = current(site_dir)
    built = site_dir / "builds" / f"{now.astimezone(UTC):%Y%m%dT%H%M%S%f}-{fingerprint[:12]}"
    staged.chmod(0o755)
    staged.rename(built)
    link = site_dir / ".next"
    link.unlink(missing_ok=True)
    link.symlink_to(built.relative_to(site_dir))
    link.replace(site_dir / "current")
    if replaced and replaced.is_dir():
        os.utime(replaced, (now.timestamp(), now.timestamp()))
    return built


def sweep(site_dir: Path, now: datetime) -> None:
    """Remove builds that were replaced more than KEEP_REPLACED ago."""
    for built in builds(site_dir):
        if built != current(site_dir) and now.timestamp() - built.stat().st_mtime > KEEP_REPLACED.total_seconds():
            shutil.rmtree(built)
