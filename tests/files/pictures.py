"""Pictures as phones make them, and as nobody should."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

# Stands in each place where a picture can hide something.
CANARY = "canary-4f9"


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def photo(width: int = 64, height: int = 48, kind: str = "JPEG", **options: Any) -> bytes:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), "red")
    image.paste((0, 0, 255), (width // 2, 0, width, height))
    return encoded(image, kind, **options)


def exif(orientation: int = 1) -> Image.Exif:
    """A camera's name and a place on earth."""
    found = Image.Exif()
    found[0x0112] = orientation
    found[0x010F] = CANARY
    found.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 36.0)})
    return found


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims to be this large, in 70 bytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def film(frames: int, kind: str = "GIF") -> bytes:
    images = [
        Image.new("RGB", (16, 16), (index * 60 % 256, index * 100 % 256, index // 256)) for index in range(frames)
    ]
    return encoded(images[0], kind, save_all=True, append_images=images[1:], duration=40, loop=0)
