"""The tracks of an MP4 file (ISO/IEC 14496-12), by the headers of its boxes only."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

MOST_BOXES = 2000


def handlers(file: BinaryIO) -> set[bytes]:
    """What its tracks are handled by: `vide`, `soun` and others; none where the boxes do not fit into each other."""
    size = file.seek(0, 2)
    found: set[bytes] = set()
    for _, start, _ in _within(file, _all(file, 0, size), (b"moov", b"trak", b"mdia", b"hdlr")):
        file.seek(start + 8)
        found.add(file.read(4))
    return found


Box = tuple[bytes, int, int]


def _within(file: BinaryIO, boxes: Iterator[Box], path: tuple[bytes, ...]) -> Iterator[Box]:
    for box in boxes:
        if box[0] == path[0]:
            yield from [box] if len(path) == 1 else _within(file, _all(file, box[1], box[2]), path[1:])


def _all(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    """The boxes between two places: kind, where the content begins, where it ends."""
    for _ in range(MOST_BOXES):
        file.seek(start)
        header = file.read(16)
        if start >= end or len(header) < 8:
            return
        size, kind = struct.unpack(">I4s", header[:8])
        content = start + 8
        if size == 1 and len(header) == 16:
            (size,) = struct.unpack(">Q", header[8:])
            content = start + 16
        box_end = end if size == 0 else start + size
        if not content <= box_end <= end:
            return
        yield kind, content, box_end
        start = box_end
