"""Who writes where: told at the start, while it lasts every now and then, and at the end."""

from api.auth import Actor
from api.chat.presence.actions import typing_hearers
from api.chat.presence.types import Typing
from api.clock import Clock
from api.db import Database
from api.live import stream

# What was told runs out by itself after the one, and is not told again before the other.
EXPIRES_MS = 6000
THROTTLE_MS = 3000
MOST_TYPISTS = 10_000


class Typists:
    """What this process told last; so a client that repeats itself tires nobody."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[tuple[str, str], int] = {}

    async def type(self, db: Database, actor: Actor, booking_id: str, typing: bool) -> None:
        """Tell the other members, where there is something to tell. Raises NotFound, RoomClosed."""
        hearers = await db.read(typing_hearers, actor, booking_id)
        if not self._is_news(actor.id, booking_id, typing):
            return
        told = Typing(booking_id, actor.id, typing, EXPIRES_MS if typing else None)
        db.publish(stream.passing(map(stream.user_topic, hearers), "typing", told, self._clock()))

    def _is_news(self, user_id: str, booking_id: str, typing: bool) -> bool:
        now = self._clock()
        told = self._told.pop((user_id, booking_id), 0)
        if not typing:
            return now - told < EXPIRES_MS
        news = not 0 <= now - told < THROTTLE_MS
        # At the end: who began the longest ago is the first to be forgotten.
        self._told[user_id, booking_id] = now if news else told
        if len(self._told) > MOST_TYPISTS:
            del self._told[next(iter(self._told))]
        return news
