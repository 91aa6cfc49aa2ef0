"""A file's name as others may see it: cleaned, then checked; it never is a name on disk."""

import re
import unicodedata
from urllib.parse import quote

LONGEST_STEM = 120
LONGEST_SUFFIX = 10
# What Windows takes for a device, whatever its suffix.
DEVICE = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)", re.IGNORECASE)
# Controls, formats (zero width, right to left), surrogates, private and unassigned, line and paragraph separators.
UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
SUFFIXES: dict[str, tuple[str, ...]] = {
    "image/jpeg": ("jpg", "jpeg"),
    "image/png": ("png",),
    "image/webp": ("webp",),
    "image/gif": ("gif",),
    "application/pdf": ("pdf",),
    "text/plain": ("txt", "log", "md"),
    "text/csv": ("csv",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "application/vnd.oasis.opendocument.text": ("odt",),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "application/vnd.oasis.opendocument.presentation": ("odp",),
    "video/mp4": ("mp4", "m4v"),
    "audio/mp4": ("m4a", "mp4"),
    "audio/mpeg": ("mp3",),
    "audio/ogg": ("ogg", "oga", "opus"),
    "audio/wav": ("wav",),
}


def cleaned(name: str, kind: str) -> str:
    """The last part of a path, without what cannot be seen, and with a suffix of its type."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(letter for letter in last if unicodedata.category(letter) not in UNSEEN)
    plain = " ".join(re.sub(r'[<>:"|?*]', "_", unicodedata.normalize("NFC", seen)).split())
    stem, _, suffix = plain.strip(". ").rpartition(".")
    allowed = SUFFIXES[kind]
    if not stem or suffix.lower() not in allowed:
        # A program's suffix stays in the name, where it does nothing: `photo.png.exe` is `photo.png.exe.png`.
        stem, suffix = plain.strip(". "), allowed[0]
    stem = stem[:LONGEST_STEM].strip(". ") or "file"
    return f"{'_' if DEVICE.fullmatch(stem.partition('.')[0]) else ''}{stem}.{suffix[:LONGEST_SUFFIX].lower()}"


def disposition(kind: str, name: str) -> str:
    """Content-Disposition (RFC 6266, with the name in RFC 8187's spelling too); only what runs nothing is shown."""
    shown = kind.startswith(("image/", "audio/", "video/"))
    plain = re.sub(r'[^ -~]|["\\%]', "_", unicodedata.normalize("NFKD", name))
    return f"{'inline' if shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
