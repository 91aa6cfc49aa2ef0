"""Files at rest: AES-256-GCM in segments of 64 KiB, so that a range or a stream opens only what it needs.

A segment's nonce is the file's prefix, the segment's number and whether it is the last (STREAM, Hoang and others 2015):
none can be moved, repeated, left out or cut off unnoticed.
"""

import io
import os
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.files.keyring import Key, Keyring

SEGMENT = 65_536
TAG = 16
MAGIC = b"PLF1"
# Magic, id of the key, salt of the file's own key, prefix of its nonces.
HEADER = struct.Struct(">4s8s32s7s")


class Damaged(Exception):
    """What is on disk is not what was sealed, or its key is not there."""


def _nonce(prefix: bytes, number: int, last: bool) -> bytes:
    return prefix + struct.pack(">I?", number, last)


class Sealer:
    """Seals what is written to it. Without `finish` the file stays unreadable."""

    def __init__(self, file: BinaryIO, key: Key, name: str) -> None:
        salt, self._prefix = os.urandom(32), os.urandom(7)
        self._file = file
        self._cipher = AESGCM(key.of_file(salt, name))
        self._waiting = b""
        self._number = 0
        file.write(HEADER.pack(MAGIC, bytes.fromhex(key.id), salt, self._prefix))

    def write(self, content: bytes) -> None:
        # The last segment is sealed as such, so a full one waits until more comes.
        content = self._waiting + content
        whole = max(0, len(content) - 1) // SEGMENT * SEGMENT
        for start in range(0, whole, SEGMENT):
            self._seal(content[start : start + SEGMENT], last=False)
        self._waiting = content[whole:]

    def finish(self) -> None:
        self._seal(self._waiting, last=True)

    def _seal(self, segment: bytes, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._prefix, self._number, last), segment, None))
        self._number += 1


class Opened(io.RawIOBase):
    """A sealed file to be read like any other; `size` is that of its content. Raises Damaged."""

    def __init__(self, file: BinaryIO, keyring: Keyring, name: str) -> None:
        super().__init__()
        self._file = file
        try:
            magic, key_id, salt, self._prefix = HEADER.unpack(file.read(HEADER.size))
            key = keyring[key_id.hex()]
        except (struct.error, KeyError):
            raise Damaged(name) from None
        self._cipher = AESGCM(key.of_file(salt, name))
        sealed = os.fstat(file.fileno()).st_size - HEADER.size
        self._segments = max(1, -(-sealed // (SEGMENT + TAG)))
        self.size = sealed - self._segments * TAG
        self._place = 0
        self._held = -1, b""
        if magic != MAGIC or self.size < 0:
            raise Damaged(name)
        # A file whose end is not its own is refused before anything of it is served.
        self._segment(self._segments - 1)

    def _segment(self, number: int) -> bytes:
        if self._held[0] != number:
            self._file.seek(HEADER.size + number * (SEGMENT + TAG))
            sealed = self._file.read(SEGMENT + TAG)
            nonce = _nonce(self._prefix, number, number == self._segments - 1)
            try:
                self._held = number, self._cipher.decrypt(nonce, sealed, None)
            except InvalidTag:
                raise Damaged(f"segment {number}") from None
        return self._held[1]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self.size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer: Any) -> int:
        if self._place >= self.size:
            return 0
        number, start = divmod(self._place, SEGMENT)
        found = self._segment(number)[start : start + len(buffer)]
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)

    def pieces(self, first: int, end: int) -> Iterator[bytes]:
        """The bytes from `first` to `end`, a segment at most at a time."""
        self.seek(first)
        while self._place < end:
            yield self.read(min(SEGMENT, end - self._place)) or b""

    def close(self) -> None:
        self._file.close()
        super().close()
