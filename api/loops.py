"""What runs for as long as the server does."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, NoReturn

log = logging.getLogger("porchlight.loops")
AGAIN_SECONDS = 1.0


async def forever(step: Callable[[], Awaitable[Any]], seconds: float = 0.0) -> NoReturn:
    """Do `step`, after a rest of `seconds`, again and again: what it raises is logged and ends nothing."""
    while True:
        try:
            await asyncio.sleep(seconds)
            await step()
        except Exception:
            log.exception("a loop goes on after an error", extra={"step": step.__qualname__})
            # A step that takes no rest of its own must not fill the log.
            await asyncio.sleep(AGAIN_SECONDS)


class Pace:
    """Lets so many a second through, evenly; the others wait their turn."""

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._next = 0.0

    async def turn(self) -> None:
        now = time.monotonic()
        self._next = max(self._next, now) + self._gap
        await asyncio.sleep(self._next - self._gap - now)
