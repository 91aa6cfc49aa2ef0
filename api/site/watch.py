"""Keeps what is served up with what is published."""

import asyncio
import logging
from typing import NoReturn

import msgspec

from api.help.library import NOTHING, Library
from api.loops import forever
from api.site.static import StaticSite

log = logging.getLogger("porchlight.site")
SECONDS = 1.0
PREFIX = "help site: "
MISSING = f"{PREFIX}{NOTHING}"


class Watch:
    """Looks at the published build once a second. What cannot be read leaves what was read before it."""

    def __init__(self, site: StaticSite, library: Library) -> None:
        self._site = site
        self._library = library
        self.problems: list[str] = []

    async def run(self) -> NoReturn:
        await forever(self.look, SECONDS)

    async def look(self) -> None:
        found = await asyncio.to_thread(self._refresh)
        # A server may do without a site: /readyz says so, the log need not.
        if found not in ([], [MISSING], self.problems):
            log.warning("help site", extra={"problems": found})
        self.problems = found

    def _refresh(self) -> list[str]:
        found = []
        try:
            self._site.refresh()
            self._library.refresh()
        except OSError as broken:
            found.append(f"{PREFIX}{broken.strerror}")
        except msgspec.MsgspecError as broken:
            found.append(f"{PREFIX}{broken}")
        if problem := self._library.state.problem:
            found.append(f"{PREFIX}{problem}")
        return found
