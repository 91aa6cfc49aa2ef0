"""Delivered receipts, a batch a second: never a write for each message and each who hears it."""

import logging
from collections.abc import Iterable, Sequence
from typing import TypeVar

from api.chat.deliveries import queries
from api.chat.deliveries.actions import deliver
from api.chat.deliveries.types import Delivered
from api.chat.types import Message
from api.db import Database
from api.errors import Problem
from api.live import stream
from api.live.live import Live
from api.live.stream import Span
from api.loops import forever

T = TypeVar("T")
LOOK_SECONDS = 1.0
CHUNK = 100
MOST_FETCHED = 10_000
log = logging.getLogger("porchlight.deliveries")


class Deliveries:
    def __init__(self, live: Live, db: Database) -> None:
        self._live, self._db = live, db
        self._fetched: dict[tuple[str, str], int] = {}

    def loaded(self, user_id: str, messages: Iterable[Message]) -> None:
        """A device has loaded them from a room's history."""
        for message in messages:
            if message.sender.id != user_id:
                self.fetched(user_id, message.booking_id, message.seq)

    def fetched(self, user_id: str, booking_id: str, seq: int) -> None:
        """A device has a room up to there."""
        place = booking_id, user_id
        if place in self._fetched or len(self._fetched) < MOST_FETCHED:
            self._fetched[place] = max(seq, self._fetched.get(place, 0))

    async def watch(self) -> None:
        await forever(self._look, LOOK_SECONDS)

    async def _look(self) -> None:
        for spans in _chunks([span for span in self._live.sent() if span.topic.startswith(stream.user_topic(""))]):
            await self._look_at(spans)
        fetched, self._fetched = self._fetched, {}
        for deliveries in _chunks([Delivered(*place, seq) for place, seq in fetched.items()]):
            try:
                await self._db.write(deliver, deliveries)
            except Problem as problem:
                log.warning("deliveries are noted later", extra={"code": problem.code})
                for item in deliveries:
                    self.fetched(item.user_id, item.booking_id, item.seq)

    async def _look_at(self, spans: Sequence[Span]) -> None:
        try:
            found = await self._db.read(queries.messages_in, spans)
        except Problem as problem:
            log.warning("deliveries are looked at later", extra={"code": problem.code})
            self._live.hand(spans)
            return
        for item in found:
            self.fetched(item.user_id, item.booking_id, item.seq)


def _chunks(items: Sequence[T]) -> Iterable[Sequence[T]]:
    return (items[start : start + CHUNK] for start in range(0, len(items), CHUNK))
