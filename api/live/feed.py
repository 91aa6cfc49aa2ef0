"""Server-sent events: a topic for those who cannot hold a socket."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

from api.auth import Actor
from api.live import stream, wire
from api.live.outgoing import CLOSING_SECONDS
from api.live.stream import NO_POSITION, Event, Span
from api.live.subscription import Subscription

if TYPE_CHECKING:
    from api.live.live import Live

KEEP_ALIVE_SECONDS = 15.0
MOST_WAITING = 256


class Feed:
    """`close` ends it; a reader that falls behind is ended too, and resumes with `Last-Event-ID`.

    `abort` cuts the connection of a reader that does not even take the end.
    """

    def __init__(self, live: "Live", actor: Actor, header: bytes, name: str, abort: Callable[[], None]) -> None:
        self.user_id = actor.id
        self.header = header
        self.closed = False
        self._abort = abort
        self._cut: asyncio.TimerHandle | None = None
        self._live = live
        self._name = name
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._subscription = Subscription(live.hub, live.db, {name: stream.topics_of(actor)[name]}, self._deliver)
        self._epoch = ""

    def _deliver(self, event: Event) -> None:
        if event.position == NO_POSITION:
            if self._waiting.empty() and not self.closed:
                self._waiting.put_nowait(_message(event.frame))
        elif self._waiting.qsize() >= MOST_WAITING:
            self.close(wire.OVERLOADED)
        elif not self.closed:
            self._waiting.put_nowait(_message(event.frame, f"{self._epoch}.{self._name}.{event.position}"))
            self._live.told.add(self)

    def close(self, _: wire.Close) -> None:
        if not self.closed:
            self.closed = True
            self._waiting.put_nowait(None)
            self._cut = asyncio.get_running_loop().call_later(CLOSING_SECONDS, self._abort)

    @property
    def behind(self) -> bool:
        return not self._waiting.empty()

    def sent(self) -> list[Span]:
        """As a socket's."""
        return self._subscription.sent()

    def restart(self, milliseconds: int) -> None:
        self._waiting.put_nowait(_message(wire.encoded(wire.Restarting(milliseconds))))
        self.close(wire.RESTARTING)

    async def lines(self, epoch: str | None, positions: Mapping[str, int]) -> AsyncIterator[bytes]:
        self._live.joined(self)
        try:
            replay = await self._subscription.replay(epoch, positions)
            self._epoch = replay.epoch
            place = f"{replay.epoch}.{self._name}.{replay.positions[self._name]}"
            welcome = wire.encoded(wire.Beginning(replay.epoch, replay.positions, replay.recovered))
            # With missed events to come, the place is theirs to move.
            yield _message(welcome, "" if replay.events else place)
            for event in replay.events:
                yield _message(event.frame, f"{self._epoch}.{self._name}.{event.position}")
            self._subscription.begin(replay.emptied())
            self._live.told.add(self)
            while (message := await self._next()) is not None:
                yield message
        finally:
            self._live.left(self)
            self._subscription.end()
            if self._cut is not None:
                self._cut.cancel()

    async def _next(self) -> bytes | None:
        try:
            async with asyncio.timeout(KEEP_ALIVE_SECONDS):
                return await self._waiting.get()
        except TimeoutError:
            return b": still here\n\n"


def _message(frame: str, event_id: str = "") -> bytes:
    """Frames are JSON on one line."""
    return f"{f'id: {event_id}' + chr(10) if event_id else ''}data: {frame}\n\n".encode()


def place_of(last_event_id: str, name: str) -> tuple[str | None, dict[str, int]]:
    """The epoch and position of a `Last-Event-ID`; nothing where it is not one of ours."""
    epoch, _, rest = last_event_id.partition(".")
    topic, _, position = rest.partition(".")
    if topic == name and position.isascii() and position.isdigit() and len(position) < 16:
        return epoch, {name: int(position)}
    return None, {}
