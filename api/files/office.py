"""Office documents: archives by what they say of themselves. Nothing but that one small entry is unpacked."""

import struct
import zipfile
import zlib
from typing import BinaryIO

MOST_ENTRIES = 5000
# Bytes of the directory: the standard library makes an object of each entry before anybody can count them.
LARGEST_DIRECTORY = 1 << 20
LARGEST_CONTENTS = 512 << 20
LARGEST_MEMBER = 1 << 20
# Deflate reaches 1032 to 1; documents stay far below this.
MOST_EXPANSION = 200
SMALL = 10 << 20
END = struct.Struct("<4s4H2LH")

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
MAIN = {
    f"{OOXML}wordprocessingml.document.main+xml".encode(): f"{OOXML}wordprocessingml.document",
    f"{OOXML}spreadsheetml.sheet.main+xml".encode(): f"{OOXML}spreadsheetml.sheet",
    f"{OOXML}presentationml.presentation.main+xml".encode(): f"{OOXML}presentationml.presentation",
}
OPEN = {f"{ODF}{kind}" for kind in ("text", "spreadsheet", "presentation")}


def kind_of(file: BinaryIO) -> str | None:
    """None for an archive that is no such document, has macros in it, or unpacks to too much."""
    if not _directory_is_small(file):
        return None
    try:
        with zipfile.ZipFile(file) as archive:
            return _kind(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        # Every way in which the standard library says that it is no good archive, or an encrypted one.
        return None


def _directory_is_small(file: BinaryIO) -> bool:
    size = file.seek(0, 2)
    file.seek(max(0, size - END.size - 65_535))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END.size:
        return False
    _, _, _, _, entries, directory, _, _ = END.unpack_from(tail, at)
    return bool(entries <= MOST_ENTRIES and directory <= LARGEST_DIRECTORY)


def _kind(archive: zipfile.ZipFile) -> str | None:
    entries = archive.infolist()
    names = {entry.filename for entry in entries}
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(names) != len(entries) or unpacked > LARGEST_CONTENTS:
        return None
    if unpacked > max(SMALL, packed * MOST_EXPANSION) or any("vbaproject" in name.lower() for name in names):
        return None
    if "[Content_Types].xml" in names:
        types = _member(archive, "[Content_Types].xml")
        found = [kind for main, kind in MAIN.items() if main in types]
        return found[0] if len(found) == 1 and b"macroEnabled" not in types else None
    kind = _member(archive, "mimetype").decode("ascii", "replace") if "mimetype" in names else ""
    return kind if kind in OPEN and not any(name.startswith(("Basic/", "Scripts/")) for name in names) else None


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as member:
        return member.read(LARGEST_MEMBER)
