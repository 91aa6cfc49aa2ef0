"""Time as Porchlight stores and shows it: epoch milliseconds inside, RFC 3339 with milliseconds outside."""

import time
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Annotated

from msgspec import Meta

Clock = Callable[[], int]

# A column of epoch milliseconds becomes this text on its way out of the database (see db/tx.py).
Time = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$",
        examples=["2026-11-22T08:30:00.000Z"],
        extra_json_schema={"format": "date-time"},
    ),
]


def system_clock() -> int:
    return time.time_ns() // 1_000_000


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def rfc3339(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_second(seconds)}.{rest:03d}Z"


def milliseconds(moment: datetime | Time) -> int:
    """The epoch milliseconds of an instant, also of one that `rfc3339` wrote."""
    instant = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return round(instant.timestamp() * 1000)
