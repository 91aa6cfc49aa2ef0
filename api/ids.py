"""Ids made here (prefixed UUIDv7, RFC 9562 section 5.7) and the shape of ids the platform gives us."""

import os
import re
from collections import deque
from typing import Annotated

from litestar.params import PathParameter
from msgspec import Meta

# `$` alone would let a trailing newline through.
PLATFORM_ID = r"^[A-Za-z0-9._:-]{1,64}(?!\n)$"

PlatformId = Annotated[str, Meta(pattern=PLATFORM_ID, examples=["booking-1"])]
UserPath = Annotated[str, PathParameter(name="userId", pattern=PLATFORM_ID)]
BookingPath = Annotated[str, PathParameter(name="bookingId", pattern=PLATFORM_ID)]


def new(prefix: str, now: int) -> str:
    """`prefix_` and 32 hexadecimal digits that sort by time; `now` in epoch milliseconds."""
    random = int.from_bytes(_ten_bytes(), "big")
    value = (now << 80) | (0x7 << 76) | ((random >> 68) << 64) | (0b10 << 62) | (random & ((1 << 62) - 1))
    return f"{prefix}_{value:032x}"


_drawn: deque[bytes] = deque()


def _ten_bytes() -> bytes:
    """Drawn from the system by the block: each call of it hands the interpreter to another thread."""
    try:
        return _drawn.pop()
    except IndexError:
        block = os.urandom(2560)
        _drawn.extend(block[i : i + 10] for i in range(10, len(block), 10))
        return block[:10]


def is_platform_id(value: str) -> bool:
    return re.search(PLATFORM_ID, value) is not None
