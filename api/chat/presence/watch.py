"""Who of this process's users came and went: one look a second."""

import logging

from api.chat.presence.actions import note_presence
from api.chat.presence.queries import GRACE_MS
from api.clock import Clock
from api.db import Database
from api.errors import Problem
from api.live.live import REFRESH_SECONDS, Live
from api.loops import forever

LOOK_SECONDS = 1.0
# After a restart everybody comes at once: so many are told of in one look, the others in the next ones.
MOST_AT_ONCE = 200
log = logging.getLogger("porchlight.presence")


class Presence:
    def __init__(self, live: Live, db: Database, clock: Clock) -> None:
        self._live, self._db, self._clock = live, db, clock
        self._here: set[str] = set()
        self._left: dict[str, int] = {}
        self._looks = 0

    async def watch(self) -> None:
        await forever(self._look, LOOK_SECONDS)

    async def _look(self) -> None:
        connected, now = self._live.connected(), self._clock()
        came = sorted(connected - self._here)[:MOST_AT_ONCE]
        left = self._here - connected
        for user_id in connected & self._left.keys():
            del self._left[user_id]
        self._left |= dict.fromkeys(left, now)
        gone = [user_id for user_id, since in self._left.items() if now - since >= GRACE_MS][:MOST_AT_ONCE]
        # One statement for all who are here says so before it would be forgotten.
        self._looks += 1
        all_of_them = self._looks % round(REFRESH_SECONDS / LOOK_SECONDS) == 0
        seen = {*came, *left} | (self._here & connected if all_of_them else set())
        self._here = (self._here & connected) | set(came)
        if seen or gone:
            await self._note(came, sorted(seen), gone)

    async def _note(self, came: list[str], seen: list[str], gone: list[str]) -> None:
        try:
            await self._db.write(note_presence, came, seen, gone, self._live.node)
        except Problem as problem:
            log.warning("presence is not noted", extra={"code": problem.code})
            return
        for user_id in gone:
            self._left.pop(user_id, None)
