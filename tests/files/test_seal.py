import io
from collections.abc import Callable
from pathlib import Path

import pytest

from api.files.keyring import Keyring
from api.files.seal import HEADER, SEGMENT, TAG, Damaged, Opened, Sealer

OLD, NEW = ("an-old-key-that-nobody-guesses-0042", "a-new-key-that-nobody-guesses-12345")
RING = Keyring([OLD])


def sealed(path: Path, content: bytes, ring: Keyring = RING, name: str = "a") -> Path:
    with path.open("wb") as file:
        sealer = Sealer(file, ring.current, name)
        for start in range(0, len(content), 1000):
            sealer.write(content[start : start + 1000])
        sealer.finish()
    return path


def read(path: Path, ring: Keyring = RING, name: str = "a") -> bytes:
    with path.open("rb") as file, Opened(file, ring, name) as opened:
        return b"".join(opened.pieces(0, opened.size))


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT])
def test_what_is_sealed_is_opened_again(tmp_path: Path, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    path = sealed(tmp_path / "a", content)
    assert read(path) == content
    assert path.stat().st_size == HEADER.size + size + TAG * max(1, -(-size // SEGMENT))


def test_nothing_of_the_content_can_be_read_on_disk(tmp_path: Path) -> None:
    assert b"aaaa" not in sealed(tmp_path / "a", b"a" * 200_000).read_bytes()


SEALED = SEGMENT + TAG
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "a byte": lambda raw: raw[:5000] + bytes([raw[5000] ^ 1]) + raw[5001:],
    "the end cut off": lambda raw: raw[:-1],
    "the last segment cut off": lambda raw: raw[: HEADER.size + SEALED],
    "a segment twice": lambda raw: raw[: HEADER.size + SEALED] + raw[HEADER.size :],
    "two segments in each other's place": lambda raw: (
        raw[: HEADER.size]
        + raw[HEADER.size + SEALED : HEADER.size + 2 * SEALED]
        + raw[HEADER.size : HEADER.size + SEALED]
        + raw[HEADER.size + 2 * SEALED :]
    ),
    "more at the end": lambda raw: raw + b"x",
    "another magic": lambda raw: b"XXXX" + raw[4:],
    "no header": lambda raw: raw[:20],
    "nothing": lambda raw: b"",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_was_changed_on_disk_is_not_opened(tmp_path: Path, change: str) -> None:
    path = sealed(tmp_path / "a", bytes(3 * SEGMENT))
    path.write_bytes(CHANGES[change](path.read_bytes()))
    with pytest.raises(Damaged):
        read(path)


def test_a_file_in_the_place_of_another_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(Damaged):
        read(sealed(tmp_path / "a", b"secret", name="a"), name="b")


def test_each_key_of_the_ring_opens_what_it_sealed(tmp_path: Path) -> None:
    old = sealed(tmp_path / "old", b"before")
    both = Keyring([NEW, OLD])
    new = sealed(tmp_path / "new", b"after", both)
    assert (read(old, both), read(new, both)) == (b"before", b"after")
    with pytest.raises(Damaged):
        read(old, Keyring([NEW]))


def test_a_range_opens_only_the_segments_it_lies_in(tmp_path: Path) -> None:
    path = sealed(tmp_path / "a", b"a" * SEGMENT + b"b" * SEGMENT + b"c" * SEGMENT)
    raw = bytearray(path.read_bytes())
    raw[HEADER.size + 100] ^= 1
    with Opened(io.BufferedReader(io.FileIO(_written(path, bytes(raw)))), RING, "a") as opened:
        assert b"".join(opened.pieces(SEGMENT, SEGMENT + 3)) == b"bbb"
        opened.seek(0)
        with pytest.raises(Damaged):
            opened.read(1)


def _written(path: Path, raw: bytes) -> Path:
    path.write_bytes(raw)
    return path
