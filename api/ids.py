"""Ids made here (prefixed UUIDv7, RFC 9562 section 5.7) and the shape of ids the platform gives us."""

import itertools
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
    """`prefix_` and 32 hexadecimal digits that sort by time, and within a millisecond as they were made here, but where
    the counter begins anew; `now` in epoch milliseconds.
    """
    count = next(_count) & 0xFFF
    random = int.from_bytes(_eight_bytes(), "big") >> 2
    return f"{prefix}_{(now << 80) | (0x7 << 76) | (count << 64) | (0b10 << 62) | random:032x}"


def first(prefix: str, now: int) -> str:
    """Before all that `new` makes at that time or later."""
    return f"{prefix}_{now << 80:032x}"


# RFC 9562 section 6.2, method 1.
_count = itertools.count()
_drawn: deque[bytes] = deque()


def _eight_bytes() -> bytes:
    """Drawn from the system by the block: each call of it hands the interpreter to another thread."""
    try:
        return _drawn.pop()
    except IndexError:
        block = os.urandom(2048)
        _drawn.extend(block[i : i + 8] for i in range(8, len(block), 8))
        return block[:8]


def is_platform_id(value: str) -> bool:
    return re.search(PLATFORM_ID, value) is not None
