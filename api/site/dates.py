"""When each article was last changed."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path


def last_changes(docs: Path) -> dict[str, datetime]:
    """By path relative to `docs`: the last commit that touched the file, or its time on disk when it differs."""
    committed = _committed(docs)
    for edited in _git(docs, "ls-files", "--modified", "--others", "--exclude-standard", "."):
        committed.pop(edited, None)
    files = (path for path in docs.rglob("*.md") if path.is_file())
    return {
        name: committed.get(name) or _on_disk(path) for path in files for name in [path.relative_to(docs).as_posix()]
    }


def _committed(docs: Path) -> dict[str, datetime]:
    changes: dict[str, datetime] = {}
    at = datetime.fromtimestamp(0, UTC)
    for line in _git(docs, "log", "--format=@%ct", "--name-only", "--relative", "--", "."):
        if line.startswith("@"):
            at = datetime.fromtimestamp(int(line[1:]), UTC)
        elif line:
            changes.setdefault(line, at)
    return changes


def _git(docs: Path, *arguments: str) -> list[str]:
    """No lines where there is no git or no repository: an unpacked archive builds as well."""
    try:
        command = ["git", "-C", str(docs), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=20)  # noqa: S603
    except (FileNotFoundError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []


def _on_disk(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
