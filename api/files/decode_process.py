"""A process of its own, in which pictures and sounds of strangers are taken apart. It imports nothing of ours.

Each request and each answer is four bytes of length, that much JSON, and the bytes that the JSON counts. What goes
wrong in here, up to a crash, costs one file and this process.
"""

import io
import json
import math
import os
import resource
import struct
import sys
from typing import Any, BinaryIO

from PIL import GifImagePlugin, Image, ImageCms, ImageOps, ImageSequence
from tinytag import TinyTag, TinyTagException

try:
    from pillow_heif import register_heif_opener
except ImportError:
    HEIC = False
else:
    register_heif_opener(thumbnails=False)
    HEIC = True

MEMORY = 512 << 20
# 64 million pixels take half of the memory; phones make up to 50 million.
MOST_PIXELS = 64_000_000
MOST_FRAMES = 300
LONGEST_SIDE = 4096
THUMBNAIL_SIDE = 480
LONGEST_SECONDS = 86_400
# No voice is coded with less than 2 kbit/s: a file that claims to last longer than that does not tell the truth.
FEWEST_BYTES_A_SECOND = 250
FORMATS = {
    "image/jpeg": "JPEG",
    "image/png": "PNG",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/heic": "HEIF",
}
# What belongs to the picture itself; all else that a file says of it stays behind.
KEPT = ("transparency", "duration", "loop", "background", "disposal")


class Refused(Exception):
    """`too_large`, `damaged` or `unknown`."""


def picture(content: bytes, kind: str) -> tuple[dict[str, Any], list[bytes]]:
    if kind == "image/heic" and not HEIC:
        raise Refused("unknown")
    with Image.open(io.BytesIO(content), formats=[FORMATS[kind]]) as image:
        frames = getattr(image, "n_frames", 1) if kind in ("image/gif", "image/webp") else 1
        if frames > MOST_FRAMES or image.width * image.height * frames > MOST_PIXELS:
            raise Refused("too_large")
        if frames > 1:
            return _film(image, kind, frames)
        upright = _upright(image)
    target = "image/jpeg" if kind == "image/heic" else kind
    return _told(upright, target), [_encoded(upright, target), _thumbnail(upright)]


def _upright(image: Image.Image) -> Image.Image:
    """As it is to be seen, no larger than a screen needs, in the colours of the web, and nothing else in it."""
    # libjpeg can leave out what would be thrown away.
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return _bare(_in_srgb(ImageOps.exif_transpose(image)))


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "CMYK"):
        return image
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB") or image
    except (ImageCms.PyCMSError, OSError):
        # A picture with a broken profile is shown by others without it too.
        return image


def _bare(image: Image.Image) -> Image.Image:
    bare = image.copy()
    bare.info = {name: image.info[name] for name in KEPT if name in image.info}
    return bare


def _film(image: Image.Image, kind: str, frames: int) -> tuple[dict[str, Any], list[bytes]]:
    """Every frame of an animation, in its own time."""
    bare, durations = [], []
    for frame in ImageSequence.Iterator(image):
        bare.append(_bare(frame))
        durations.append(min(max(int(frame.info.get("duration", 100)), 20), 10_000))
    target = io.BytesIO()
    loop = {"loop": image.info["loop"]} if "loop" in image.info else {}
    bare[0].save(target, FORMATS[kind], save_all=True, append_images=bare[1:], duration=durations, **loop)
    return _told(bare[0], kind), [target.getvalue(), _thumbnail(bare[0])]


def _told(image: Image.Image, kind: str) -> dict[str, Any]:
    return {"type": kind, "width": image.width, "height": image.height}


def _encoded(image: Image.Image, kind: str) -> bytes:
    target = io.BytesIO()
    if kind == "image/jpeg":
        _plain(image).save(target, "JPEG", quality=88)
    elif kind == "image/webp":
        image.save(target, "WEBP", quality=85, method=2)
    else:
        image.save(target, FORMATS[kind], optimize=image.width * image.height < 1_000_000)
    return target.getvalue()


def _thumbnail(image: Image.Image) -> bytes:
    small, target = image.copy(), io.BytesIO()
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    _plain(small).save(target, "JPEG", quality=80)
    return target.getvalue()


def _plain(image: Image.Image) -> Image.Image:
    """On white, where one could see through."""
    if image.mode in ("RGB", "L"):
        return image
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256).convert("L")
    if image.mode != "P" and "A" not in image.mode and "transparency" not in image.info:
        return image.convert("RGB")
    seen = image.convert("RGBA")
    ground = Image.new("RGB", image.size, "white")
    ground.paste(seen, mask=seen.getchannel("A"))
    return ground


def sound(content: bytes, _: str) -> tuple[dict[str, Any], list[bytes]]:
    """How long it lasts, where the file says so and may be believed."""
    try:
        seconds = TinyTag.get(file_obj=io.BytesIO(content), tags=False).duration
    except TinyTagException:
        seconds = None
    most = min(LONGEST_SECONDS, len(content) / FEWEST_BYTES_A_SECOND)
    known = seconds is not None and math.isfinite(seconds) and 0 < seconds <= most
    return {"seconds": round(seconds, 2) if seconds is not None and known else None}, []


def answer(content: bytes, kind: str) -> tuple[dict[str, Any], list[bytes]]:
    try:
        return (picture if kind.startswith("image/") else sound)(content, kind)
    except Refused as refused:
        return {"refused": str(refused)}, []
    except MemoryError:
        return {"refused": "too_large"}, []
    except Exception:  # noqa: BLE001
        # Decoders raise whatever they like at what is broken; it is told to whoever sent it.
        return {"refused": "damaged"}, []


def _receive(source: BinaryIO) -> tuple[bytes, str] | None:
    head = source.read(4)
    if len(head) < 4:
        return None
    asked = json.loads(source.read(struct.unpack(">I", head)[0]))
    return source.read(asked["size"]), asked["type"]


def _send(target: BinaryIO, told: dict[str, Any], parts: list[bytes]) -> None:
    head = json.dumps(told | {"sizes": [len(part) for part in parts]}).encode()
    target.writelines([struct.pack(">I", len(head)), head, *parts])
    target.flush()


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    # Whoever waits for a message comes before whoever waits for a picture.
    os.nice(5)
    # Ours is the limit, and it is looked at before anything is decoded.
    Image.MAX_IMAGE_PIXELS = None
    GifImagePlugin.LOADING_STRATEGY = GifImagePlugin.LoadingStrategy.RGB_AFTER_DIFFERENT_PALETTE_ONLY
    while asked := _receive(sys.stdin.buffer):
        _send(sys.stdout.buffer, *answer(*asked))


if __name__ == "__main__":
    main()
