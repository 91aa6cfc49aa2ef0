"""One socket: hello, what was missed, then live; every frame of its client gets one ack or error, in order."""

import logging
import time
from typing import TYPE_CHECKING, Any

from api import ids, requests
from api.auth import Actor
from api.errors import Forbidden, Internal, InvalidRequest, MalformedBody, Problem, Unauthenticated
from api.live import sockets, stream, wire
from api.live.outgoing import Outgoing, cannot_abort
from api.live.stream import Event, Replay, Span
from api.live.subscription import Subscription
from api.live.wire import Caller, Close

if TYPE_CHECKING:
    from api.live.live import Live

log = logging.getLogger("porchlight.live")

BAD_FRAMES = 5
# Frames a second that a socket may send in the long run, and at once.
FRAMES_RATE = 50
FRAMES_BURST = 200


class Socket:
    """`ready` once its hello was answered; `header` is the Authorization it stands on."""

    def __init__(self, live: "Live", scope: Any, receive: Any, send: Any, actor: Actor | None, header: bytes) -> None:
        self.id = ids.new("sock", live.clock())
        self.actor = actor
        self.header = header
        self.ready = False
        # Where it came from, while it is counted among those without a hello.
        self.place = ""
        self.opened = time.monotonic()
        self.out = Outgoing(send, scope["extensions"].get("abort", cannot_abort))
        self._live = live
        self._receive = receive
        self._connected_at = live.clock()
        self._device = _device(scope)
        self._subscription: Subscription | None = None
        self._bad = 0
        self._level, self._stamp = float(FRAMES_BURST * live.settings.rate_limit_factor), self.opened
        self._working = False
        self._restart_in: int | None = None

    @property
    def closed(self) -> bool:
        return self.out.closed

    @property
    def behind(self) -> bool:
        return self.out.behind

    def close(self, close: Close) -> None:
        self.out.close(close)

    def restart(self, milliseconds: int) -> None:
        """Say when to come back and go, after the frame in work is answered."""
        self._restart_in = milliseconds
        if not self._working:
            self.out.push(wire.encoded(wire.Restarting(milliseconds)))
            self.close(wire.RESTARTING)

    def sent(self) -> list[Span]:
        """What the device has been sent since this was last asked."""
        return [] if self._subscription is None else self._subscription.sent()

    async def run(self) -> None:
        try:
            while not self.closed and (message := await self._receive())["type"] == "websocket.receive":
                self._working = True
                await self._take(message.get("text"))
                self._working = False
                if self._restart_in is not None:
                    self.restart(self._restart_in)
        finally:
            if self._subscription is not None:
                self._subscription.end()
            await self.out.gone()
            if self.ready:
                await sockets.forget(self._live.db, self.id)

    async def _take(self, frame: str | None) -> None:
        if self._too_fast():
            self.close(wire.TOO_FAST)
            return
        opened: wire.Frame | None = None
        try:
            opened = wire.opened(frame)
            result = await self._answered(opened)
        except Problem as problem:
            self._complain(opened, problem)
        except Exception:
            request_id = self._complain(opened, Internal())
            log.exception("unhandled in a socket", extra={"request_id": request_id})
        else:
            # The ack of a hello stands before its welcome.
            if opened.type != "hello":
                self.out.push(wire.encoded(wire.Ack(opened.id, result)))

    def _too_fast(self) -> bool:
        factor = self._live.settings.rate_limit_factor
        now = time.monotonic()
        self._level = min(FRAMES_BURST * factor, self._level + (now - self._stamp) * FRAMES_RATE * factor) - 1
        self._stamp = now
        return self._level < 0

    def _complain(self, frame: wire.Frame | None, problem: Problem) -> str:
        request_id = ids.new("req", self._live.clock())
        details = problem.details(self._live.settings.base_url, request_id)
        self.out.push(wire.encoded(wire.Error(frame.id if frame else None, details)))
        if isinstance(problem, MalformedBody):
            self._bad += 1
            if self._bad >= BAD_FRAMES:
                self.close(wire.BAD_FRAMES)
        elif isinstance(problem, Unauthenticated) and not self.ready:
            self.close(wire.SIGNED_OUT)
        elif isinstance(problem, Forbidden) and frame is not None and frame.type == "hello":
            self.close(wire.FORBIDDEN)
        return request_id

    async def _answered(self, frame: wire.Frame) -> Any:
        if frame.type == "hello":
            return await self._hello(frame.id, requests.fit(frame.fields, wire.Hello))
        if not self.ready or self.actor is None:
            raise InvalidRequest("Say hello first.")
        if frame.type == "ping":
            return requests.fit(frame.fields, wire.Ping)
        kind = self._live.kinds.get(frame.type)
        if kind is None:
            raise InvalidRequest.at("/type", "unknown", "is not a type of frame")
        body = requests.fit(frame.fields, kind.body)
        self._live.limits.take(self.actor.id, kind.bucket)
        return await kind.handle(Caller(self.actor, self._live.db, self._live.settings), body)

    async def _hello(self, frame_id: wire.FrameId, hello: wire.Hello) -> None:
        """The first hello subscribes; a later one with a fresh token extends the socket's time."""
        header = f"Bearer {hello.token}".encode() if hello.token is not None else self.header
        if not header:
            raise Unauthenticated
        actor = await self._live.authenticated(header)
        if self.actor is not None and actor.id != self.actor.id:
            raise Forbidden("A socket stays with its user.")
        self.actor, self.header = actor, header
        if self.ready:
            self.out.push(wire.encoded(wire.Ack(frame_id, wire.Done())))
        else:
            await self._begin(frame_id, hello.resume, actor)

    async def _begin(self, frame_id: wire.FrameId, resume: wire.Resume | None, actor: Actor) -> None:
        live = self._live
        topics = stream.topics_of(actor)
        if self._subscription is not None:
            # An earlier hello failed half-way.
            self._subscription.end()
        self._subscription = Subscription(live.hub, live.db, topics, self._deliver)
        known = resume or wire.Resume(epoch="", positions={})
        replay = await self._subscription.replay(known.epoch, known.positions)
        await sockets.remember(live.db, self.row(actor))
        self.ready = True
        live.settled(self, actor)
        self.out.push(wire.encoded(wire.Ack(frame_id, wire.Done())))
        self.out.push(self._welcome(replay, actor))
        for event in replay.events:
            self.out.push(event.frame)
            # All at once, a long replay would be more than a slow client may have waiting.
            await self.out.taken()
            if self._restart_in is not None:
                return
        self._subscription.begin(replay.emptied())
        live.told.add(self)

    def row(self, actor: Actor) -> sockets.DeviceRow:
        """This device on the list of its user's."""
        return self.id, actor.id, self._live.node, self._device, self._connected_at

    def _deliver(self, event: Event) -> None:
        if event.position == stream.NO_POSITION:
            self.out.push_or_drop(event.frame)
        else:
            self.out.push(event.frame)
            self._live.told.add(self)

    def _welcome(self, replay: Replay, actor: Actor) -> str:
        read_only = bool(self._live.db.gate.reason)
        return wire.encoded(wire.Welcome(replay.epoch, replay.positions, replay.recovered, read_only, actor))


def _device(scope: Any) -> str:
    agent = next((value for name, value in scope["headers"] if name == b"user-agent"), b"")
    return "".join(character for character in agent.decode("latin-1") if character.isprintable())[:200]
