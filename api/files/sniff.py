"""What a file is, by what is in it. None for everything that is not on the list of what is taken."""

import codecs
import re
from typing import BinaryIO

from api.files import boxes, office

HEAD = 4096
PIECE = 65_536
# What no text has: controls but for tab, line feed, form feed and carriage return; DEL and the C1 controls.
CONTROL = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
# Two frame headers of MPEG layer 3, one where the other ends, are no accident; ID3 says it itself.
BITRATES = {
    3: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    2: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
SAMPLE_RATES = (44_100, 48_000, 32_000)
OGG_AUDIO = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")
HEIC = (b"heic", b"heix", b"heim", b"heis", b"mif1")


def sniff(file: BinaryIO, name: str) -> str | None:
    """The type of a file that can be sought in; `name` only tells a CSV from another text."""
    file.seek(0)
    head = file.read(HEAD)
    if head.startswith(b"PK\x03\x04"):
        return office.kind_of(file)
    if head[4:8] == b"ftyp":
        return _iso(file, head)
    return _magic(head) or _mpeg(file, head) or (_text(name) if _is_text(file, head) else None)


def _magic(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"RIFF"):
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(head[8:12])
    if head.startswith(b"OggS") and head[28:36].startswith(tuple(codec[:7] for codec in OGG_AUDIO)):
        return "audio/ogg"
    return None


def _iso(file: BinaryIO, head: bytes) -> str | None:
    """MP4 by its tracks: phones write voice into files that call themselves films."""
    if head[8:12] in HEIC:
        return "image/heic"
    if head[8:12] == b"qt  ":
        return None
    tracks = boxes.handlers(file)
    if b"vide" in tracks:
        return "video/mp4"
    return "audio/mp4" if b"soun" in tracks else None


def _mpeg(file: BinaryIO, head: bytes) -> str | None:
    if head.startswith(b"ID3"):
        # Four times seven bits: the size of the tag without its header.
        size = sum((byte & 0x7F) << shift for byte, shift in zip(head[6:10], (21, 14, 7, 0), strict=True))
        file.seek(10 + size)
        head = file.read(HEAD)
    length = _frame_length(head)
    return "audio/mpeg" if length and _frame_length(head[length:]) else None


def _frame_length(head: bytes) -> int:
    """Of an MPEG layer 3 frame; 0 when there is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version = head[1] >> 3 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or bitrate in (0, 15) or rate == 3:
        return 0
    kilobits = BITRATES[3 if version == 3 else 2][bitrate]
    sample_rate = SAMPLE_RATES[rate] >> {3: 0, 2: 1, 0: 2}[version]
    return (144 if version == 3 else 72) * kilobits * 1000 // sample_rate + (head[2] >> 1 & 1)


def _text(name: str) -> str:
    return "text/csv" if name.lower().endswith(".csv") else "text/plain"


def _is_text(file: BinaryIO, head: bytes) -> bool:
    """UTF-8 without control characters, and neither markup nor a script by its beginning."""
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if not start or start.startswith((b"<", b"#!")):
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while piece := file.read(PIECE):
            if CONTROL.search(decoder.decode(piece)):
                return False
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
