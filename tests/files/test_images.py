import asyncio
import time
from typing import Any

import pytest

from tests.conftest import Cast
from tests.files.conftest import upload, uploaded
from tests.files.pictures import CANARY, exif, film, opened, photo, png_header


@pytest.fixture
def database_url() -> str:
    """An image is the same on any database."""
    return ""


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("JPEG", {"exif": exif(), "comment": CANARY.encode(), "xmp": CANARY.encode()}),
        ("PNG", {"exif": exif()}),
        ("WEBP", {"exif": exif(), "xmp": CANARY.encode()}),
        ("GIF", {"comment": CANARY.encode()}),
    ],
)
async def test_what_a_camera_wrote_into_a_picture_is_not_stored(cast: Cast, kind: str, options: Any) -> None:
    sent = photo(kind=kind, **options)
    found = await uploaded(cast.pat, sent, f"tap.{kind.lower()}")
    stored = (await cast.pat.get(f"/files/{found['id']}")).content
    small = (await cast.pat.get(f"/files/{found['id']}?variant=thumbnail")).content
    assert (CANARY.encode() in sent, CANARY.encode() in stored, CANARY.encode() in small) == (True, False, False)
    assert [len(opened(content).getexif()) for content in (stored, small)] == [0, 0]
    assert (found["type"], found["width"], found["height"]) == (f"image/{kind.lower()}", 64, 48)


async def test_a_picture_taken_sideways_stands_upright(cast: Cast) -> None:
    found = await uploaded(cast.pat, photo(64, 48, exif=exif(orientation=6)), "tap.jpg")
    image = opened((await cast.pat.get(f"/files/{found['id']}")).content)
    assert (found["width"], found["height"], image.size) == (48, 64, (48, 64))
    # Red was on the left; turned clockwise it is above.
    red, _, blue = image.convert("RGB").getpixel((24, 8))  # type: ignore[misc]
    assert red > blue


async def test_a_thumbnail_is_a_small_jpeg(cast: Cast) -> None:
    found = await uploaded(cast.pat, photo(1200, 900, "PNG"), "tap.png")
    answer = await cast.pat.get(f"/files/{found['id']}?variant=thumbnail")
    assert (answer.headers["content-type"], opened(answer.content).size) == ("image/jpeg", (480, 360))


async def test_a_picture_larger_than_any_screen_is_made_smaller(cast: Cast) -> None:
    found = await uploaded(cast.pat, photo(8160, 600), "tap.jpg")
    assert (found["width"], found["height"]) == (4096, 301)


async def test_an_iphones_picture_becomes_a_jpeg(cast: Cast) -> None:
    pytest.importorskip("pillow_heif").register_heif_opener()
    sent = photo(kind="HEIF", exif=exif().tobytes())
    found = await uploaded(cast.pat, sent, "IMG_1.HEIC")
    assert (found["name"], found["type"], found["width"]) == ("IMG_1.HEIC.jpg", "image/jpeg", 64)


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
async def test_an_animation_keeps_moving(cast: Cast, kind: str) -> None:
    found = await uploaded(cast.pat, film(5, kind), f"tap.{kind.lower()}")
    assert opened((await cast.pat.get(f"/files/{found['id']}")).content).n_frames == 5  # type: ignore[attr-defined]


@pytest.mark.parametrize("content", [png_header(60_000, 60_000), film(1000)], ids=["pixels", "frames"])
async def test_a_bomb_is_refused_before_it_is_decoded(cast: Cast, content: bytes) -> None:
    start = time.monotonic()
    answer = await upload(cast.pat, content, "bomb.png")
    assert (answer.status_code, answer.json()["code"]) == (413, "image_too_large")
    assert time.monotonic() - start < 8


@pytest.mark.parametrize("part", [0.2, 0.6, 0.95])
async def test_half_a_picture_is_refused_and_leaves_nothing(cast: Cast, part: float) -> None:
    whole = photo(900, 600, "PNG")
    answer = await upload(cast.pat, whole[: int(len(whole) * part)], "tap.png")
    assert (answer.status_code, answer.json()["code"]) == (400, "file_damaged")


async def test_ten_pictures_at_once_are_all_taken(cast: Cast) -> None:
    answers = await asyncio.gather(*(upload(cast.pat, photo(200 + n, 100), "tap.jpg") for n in range(10)))
    assert [(answer.status_code, answer.json().get("width")) for answer in answers] == [
        (201, 200 + n) for n in range(10)
    ]


async def test_a_picture_that_says_it_is_another_is_what_it_is(cast: Cast) -> None:
    found = await uploaded(cast.pat, photo(kind="PNG"), "tap.php.jpg")
    assert (found["name"], found["type"]) == ("tap.php.jpg.png", "image/png")
