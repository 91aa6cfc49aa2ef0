"""Builds the help centre in a process of its own and publishes it when it is whole."""

import importlib.util
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from msgspec import Struct

from api.help.library import BrokenBuild, read_build
from api.site import publish
from api.site.marks import FINGERPRINT, RENDERING

# A Markdown extension with a slow pattern can hang on one line; no honest build of a thousand pages takes this long.
TIME_LIMIT = 120.0
PAGES = {".html", ".htm", ".xhtml", ".shtml"}


class BuildFailed(Exception):
    """The old build stays published; the message is for the writer."""


class Built(Struct, frozen=True):
    """`skipped`: nothing had changed since `path` was published."""

    path: Path
    seconds: float
    skipped: bool


def build(project: Path, site_dir: Path, base_url: str, search: bool = True, time_limit: float = TIME_LIMIT) -> Built:
    """Bring SITE_DIR up to date with the docs, mkdocs.yml, overrides and lock of `project`. Raises BuildFailed."""
    began = time.monotonic()
    if not (project / "mkdocs.yml").is_file():
        raise BuildFailed(f"{project.resolve().name}: no mkdocs.yml to build from")
    if importlib.util.find_spec("mkdocs") is None:
        raise BuildFailed("MkDocs is not installed here")
    _check_files(project)
    with publish.staging(site_dir) as staged:
        wanted = fingerprint(project, base_url, search)
        now = datetime.now(UTC)
        publish.sweep(site_dir, now)
        served = publish.current(site_dir)
        if served and _is_whole(served, wanted, search):
            return Built(served, time.monotonic() - began, skipped=True)
        _render(project, staged, base_url, search, time_limit)
        (staged / FINGERPRINT).write_text(wanted)
        _check(staged, search)
        built = publish.publish(site_dir, staged, wanted, now)
    return Built(built, time.monotonic() - began, skipped=False)


def fingerprint(project: Path, base_url: str, search: bool) -> str:
    """SHA-256 over everything a build is made from: the project's files, this code, and the two settings."""
    digest = sha256(f"{base_url} {search}".encode())
    code = Path(__file__).parent.parent
    folders = [project / "docs", project / "overrides", code / "site", code / "help"]
    files = [project / "mkdocs.yml", project / "requirements.lock"]
    files += [path for folder in folders for path in folder.rglob("*") if path.suffix != ".pyc"]
    for path in sorted(path for path in files if path.is_file()):
        digest.update(f"\0{path.name}\0{path.parent.name}\0".encode() + sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _check_files(project: Path) -> None:
    """What would be published without a look at it: whatever a link leads to, and pages that are no Markdown."""
    found = []
    for top in ("docs", "overrides"):
        for folder, folders, files in os.walk(project / top):
            for path in sorted(Path(folder, name) for name in (*folders, *files)):
                if path.is_symlink():
                    found.append(f"{path.relative_to(project)}: is a link; put here what it leads to")
                elif top == "docs" and path.suffix.lower() in PAGES:
                    found.append(f"{path.relative_to(project)}: pages are written in Markdown")
    if found:
        raise BuildFailed("\n".join(found))


def _render(project: Path, staged: Path, base_url: str, search: bool, time_limit: float) -> None:
    command = [sys.executable, "-m", "api.site.render", str(project.resolve()), str(staged.resolve()), base_url]
    command += [] if search else ["--without-search"]
    # Secrets of the server's environment have no business in a process that reads writers' files.
    environment = {"PATH": os.defpath, "PYTHONUTF8": "1", "PYTHONPATH": str(Path(__file__).parents[2])}
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=time_limit, env=environment
        )
    except subprocess.TimeoutExpired as hung:
        rendering = staged / RENDERING
        page = rendering.read_text().partition("\n")[0] if rendering.is_file() else "no page in particular"
        raise BuildFailed(f"stopped after {time_limit:g} s while rendering {page}") from hung
    if done.returncode:
        raise BuildFailed((done.stderr or done.stdout).strip())


def _check(staged: Path, search: bool) -> None:
    try:
        read_build(staged, search)
    except BrokenBuild as broken:
        raise BuildFailed(f"the build cannot be read back: {broken}") from broken


def _is_whole(built: Path, wanted: str, search: bool) -> bool:
    try:
        read_build(built, search)
        return (built / FINGERPRINT).read_text() == wanted
    except (BrokenBuild, FileNotFoundError):
        return False
