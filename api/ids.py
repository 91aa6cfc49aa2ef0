"""Ids made here (prefixed UUIDv7, RFC 9562 section 5.7) and the shape of ids the platform gives us."""

import os
import re
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
    random = int.from_bytes(os.urandom(10), "big")
    value = (now << 80) | (0x7 << 76) | ((random >> 68) << 64) | (0b10 << 62) | (random & ((1 << 62) - 1))
    return f"{prefix}_{value:032x}"


def is_platform_id(value: str) -> bool:
    return re.search(PLATFORM_ID, value) is not None
