"""All sockets and feeds of this process: who may open one, how many, how long, and how they end."""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from api import ids
from api.auth import Actor, Tokens
from api.boundary import refuse_socket
from api.clock import Clock
from api.db import Database
from api.errors import Forbidden, InvalidRequest, Overloaded, Problem, Unauthenticated
from api.limits import Limits, address_prefix
from api.live import sockets, wire
from api.live.feed import Feed
from api.live.hub import Hub
from api.live.socket import Socket
from api.live.sockets import DeviceRow
from api.live.stream import Span
from api.live.wire import FrameKind
from api.loops import forever
from api.settings import Settings

log = logging.getLogger("porchlight.live")

HELLO_SECONDS = 5.0
SOCKETS_OF_A_USER = 10
FEEDS_OF_A_USER = 10
UNKNOWN_SOCKETS = 1000
UNKNOWN_SOCKETS_OF_AN_ADDRESS = 500
REFRESH_SECONDS = 15
MOST_HANDED = 10_000
RECONNECT_MS = 10_000
FINISHING_SECONDS = 8


class Live:
    """The ASGI app of `/realtime`, and what it needs to know of its sockets."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        tokens: Tokens,
        limits: Limits,
        clock: Clock,
        kinds: Mapping[str, FrameKind],
    ) -> None:
        self.settings, self.db, self.tokens, self.limits, self.clock, self.kinds = (
            settings,
            db,
            tokens,
            limits,
            clock,
            kinds,
        )
        self.hub = Hub(db)
        self.node = ids.new("node", clock())
        # The oldest first.
        self._feeds: dict[Feed, None] = {}
        # Those who were sent something since that was last asked: most are silent, and there may be many.
        self.told: set[Socket | Feed] = set()
        self._handed: set[Span] = set()
        self._sockets: set[Socket] = set()
        self._of_user: dict[str, list[Socket]] = {}
        self._unknown: Counter[str] = Counter()
        self._stopping = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "websocket":
            raise InvalidRequest("This address speaks WebSocket: send an upgrade request.")
        await receive()
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        place = address_prefix(scope["client"][0] if scope.get("client") else "")
        try:
            if scope["query_string"]:
                # A token in an address ends up in logs.
                raise InvalidRequest("This address takes no parameters: send the token in a header or in the hello.")
            self._check_origin(scope)
            self._check_room(place)
            if len(given) > 1:
                raise Unauthenticated
            actor = await self.authenticated(given[0]) if given else None
        except Problem as problem:
            await refuse_socket(problem, self.settings, self.clock, send)
            return
        await send({"type": "websocket.accept"})
        await self._hold(Socket(self, scope, receive, send, actor, given[0] if given else b""), place)

    async def _hold(self, socket: Socket, place: str) -> None:
        self._sockets.add(socket)
        self._unknown[place] += 1
        socket.place = place
        try:
            await socket.run()
        finally:
            self._sockets.discard(socket)
            self._known(socket)
            siblings = self._of_user.get(socket.actor.id, []) if socket.actor else []
            if socket in siblings:
                siblings.remove(socket)
            if socket.actor and not siblings:
                self._of_user.pop(socket.actor.id, None)

    def _known(self, socket: Socket) -> None:
        if socket.place:
            self._unknown[socket.place] -= 1
            if not self._unknown[socket.place]:
                del self._unknown[socket.place]
            socket.place = ""

    def _check_origin(self, scope: Any) -> None:
        for name, value in scope["headers"]:
            if name == b"origin" and value.decode("latin-1") not in (
                self.settings.base_url,
                *self.settings.allowed_origins,
            ):
                raise Forbidden("This origin may not open a socket.")

    def _check_room(self, place: str) -> None:
        if self._stopping:
            raise Overloaded("Porchlight is restarting.")
        if self._unknown[place] >= UNKNOWN_SOCKETS_OF_AN_ADDRESS or self._unknown.total() >= UNKNOWN_SOCKETS:
            raise Overloaded("Too many sockets wait for their hello.")

    async def authenticated(self, header: bytes) -> Actor:
        actor = self.tokens.remembered(header) or await self.tokens.verify(header)
        if actor.role == "service":
            raise Forbidden("The role service has no socket.")
        return actor

    def settled(self, socket: Socket, actor: Actor) -> None:
        """It has said hello; where its user has too many, the oldest makes room."""
        self._known(socket)
        siblings = self._of_user.setdefault(actor.id, [])
        siblings.append(socket)
        if len(siblings) > SOCKETS_OF_A_USER:
            siblings.pop(0).close(wire.TOO_MANY)

    def joined(self, feed: Feed) -> None:
        """Where its user has too many, the oldest makes room."""
        self._feeds[feed] = None
        own = [other for other in self._feeds if other.user_id == feed.user_id and not other.closed]
        if len(own) > FEEDS_OF_A_USER:
            own[0].close(wire.TOO_MANY)
        if self._stopping:
            feed.restart(_some_time())

    def left(self, feed: Feed) -> None:
        self._feeds.pop(feed, None)

    def connected(self) -> set[str]:
        """The users with a socket here."""
        return set(self._of_user)

    def sent(self) -> set[Span]:
        """What devices of this process have been sent since this was last asked."""
        spans, self._handed = self._handed, set()
        told, self.told = self.told, set()
        for listener in told:
            if not listener.behind:
                spans.update(listener.sent())
            elif not listener.closed:
                # When it has caught up.
                self.told.add(listener)
        return spans

    def hand(self, spans: Iterable[Span]) -> None:
        """Events that were answered over HTTP, or whose account could not be kept; beyond the limit it is not."""
        self._handed.update(islice(spans, max(0, MOST_HANDED - len(self._handed))))

    def end(self, socket_ids: list[str]) -> None:
        """Close devices that their user has ended."""
        for socket in self._sockets:
            if socket.id in socket_ids:
                socket.close(wire.ENDED)

    def tell_mode(self, read_only: bool) -> None:
        """Everybody connected hears that writing stopped, or works again."""
        for socket in self._sockets:
            if socket.ready:
                socket.out.push(wire.encoded(wire.Mode(read_only)))

    async def watch(self) -> None:
        """Once a second: no hello in time, a token that ran out or was revoked, a device that was ended."""
        await forever(self._look, 1)

    async def _look(self) -> None:
        now = time.monotonic()
        for socket in tuple(self._sockets):
            if not socket.ready and now - socket.opened > HELLO_SECONDS:
                socket.close(wire.NO_HELLO)
        for listener in self._listeners():
            if listener.header and not listener.closed and self.tokens.remembered(listener.header) is None:
                await self._look_again(listener)
        if not self.db.alone:
            await self._end_marked()

    def _listeners(self) -> list[Socket | Feed]:
        return [*self._sockets, *self._feeds]

    async def _look_again(self, listener: Socket | Feed) -> None:
        try:
            await self.tokens.verify(listener.header)
        except Unauthenticated:
            listener.close(wire.SIGNED_OUT)
        except Problem as problem:
            # The next look is a second away.
            log.warning("a token cannot be checked", extra={"code": problem.code})

    async def _end_marked(self) -> None:
        try:
            self.end(await self.db.read(sockets.ended, self.node))
        except Problem as problem:
            log.warning("ended devices cannot be read", extra={"code": problem.code})

    async def refresh(self) -> None:
        """Every now and then, say that the sockets of this process are here, in one statement."""
        await forever(self._refresh, REFRESH_SECONDS)

    async def _refresh(self) -> None:
        try:
            listed = await self.db.write(sockets.refresh, self.node)
            rows = [socket.row(socket.actor) for socket in self._sockets if socket.ready and socket.actor]
            if listed < len(rows):
                await self._list_again(rows)
        except Problem as problem:
            log.warning("devices are not refreshed", extra={"code": problem.code})

    async def _list_again(self, rows: list[DeviceRow]) -> None:
        for start in range(0, len(rows), sockets.CHUNK):
            await self.db.write(sockets.insert_all, rows[start : start + sockets.CHUNK])

    async def drain(self) -> None:
        """Everybody is told when to come back, each at another moment, after what is in work is answered."""
        self._stopping = True
        for listener in self._listeners():
            listener.restart(_some_time())
        try:
            async with asyncio.timeout(FINISHING_SECONDS):
                while self._listeners():  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
        except TimeoutError:
            log.warning("sockets are cut off", extra={"count": len(self._sockets)})


def _some_time() -> int:
    """Milliseconds; everybody comes back at another moment."""
    return random.randrange(RECONNECT_MS)  # noqa: S311
