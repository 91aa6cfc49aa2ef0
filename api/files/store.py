"""Where files lie: under random names in the data folder, whole or not at all."""

import hashlib
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from api.files.keyring import Keyring
from api.files.seal import Damaged, Opened, Sealer

# A temporary file that nobody has written to for this long belongs to a process that died; so does one without a row.
FORGOTTEN_SECONDS = 3600


class Draft:
    """A file that is being written; nobody can open it before the store keeps it."""

    def __init__(self, path: Path, keyring: Keyring) -> None:
        self.path = path
        self.size = 0
        self._hash = hashlib.sha256()
        self._file: BinaryIO = os.fdopen(
            os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w+b"
        )
        self._sealer = Sealer(self._file, keyring.current, path.name)
        self._keyring = keyring

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, content: bytes) -> None:
        self.size += len(content)
        self._hash.update(content)
        self._sealer.write(content)

    def finish(self) -> None:
        """All is written: it can be opened, and kept."""
        self._sealer.finish()
        self._file.flush()

    def opened(self) -> Opened:
        return Opened(self.path.open("rb"), self._keyring, self.path.name)

    def sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def discard(self) -> None:
        with suppress(OSError):
            # What could not be written cannot be flushed either.
            self._file.close()
        self.path.unlink(missing_ok=True)


class Store:
    def __init__(self, root: Path, keyring: Keyring) -> None:
        self.keyring = keyring
        self._root = root
        self._drafts = root / "arriving"
        self._drafts.mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(self) -> Draft:
        return Draft(self._drafts / secrets.token_hex(16), self.keyring)

    def keep(self, draft: Draft) -> str:
        """Its name, once it and its place in the folder are on disk: the row may be written now."""
        draft.sync()
        target = self._path(draft.path.name)
        if not target.parent.exists():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            _sync_folder(self._root)
        draft.path.rename(target)
        _sync_folder(target.parent)
        return target.name

    def open(self, name: str) -> Opened:
        """Raises Damaged."""
        try:
            file = os.fdopen(os.open(self._path(name), os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except OSError as error:
            raise Damaged(f"{name}: {error.strerror}") from error
        try:
            return Opened(file, self.keyring, name)
        except Damaged:
            file.close()
            raise

    def remove(self, name: str) -> None:
        self._path(name).unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._root / name[:2] / name

    def leave(self, name: str) -> None:
        """It has no row any more, but a backup that is being made may have one: the sweep removes it later."""
        with suppress(FileNotFoundError):
            os.utime(self._path(name))

    def sweep_drafts(self, before: float) -> None:
        """Remove those that nobody has written to since then (epoch seconds)."""
        for path in self._drafts.iterdir():
            if _written_at(path) < before:
                path.unlink(missing_ok=True)

    def old(self, shard: int) -> list[str]:
        """The names in one of the 256 folders that have had the time to get a row."""
        folder = self._root / f"{shard:02x}"
        before = time.time() - FORGOTTEN_SECONDS
        return [path.name for path in folder.iterdir() if _written_at(path) < before] if folder.is_dir() else []


def _written_at(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
