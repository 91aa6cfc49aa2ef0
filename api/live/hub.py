"""Who is connected to this process, and the order in which they hear."""

import asyncio
import logging
from collections.abc import Iterable
from typing import Protocol

from api.db import Database
from api.errors import Problem
from api.live import stream
from api.live.stream import Event
from api.loops import forever

GAP_SECONDS = 0.05
POLL_SECONDS = 1.0
POLLED = 1000
log = logging.getLogger("porchlight.live")


class Listener(Protocol):
    """Hears the events of its topics once each, in order."""

    def hear(self, event: Event) -> None: ...


class Channel:
    """A topic that somebody here listens to. `head` is the last position they have heard."""

    __slots__ = ("early", "head", "listeners", "topic")

    def __init__(self, topic: str) -> None:
        self.topic = topic
        self.head: int | None = None
        self.early: dict[int, Event] = {}
        self.listeners: set[Listener] = set()

    def offer(self, event: Event) -> None:
        """Tell the listeners what is next; keep what is too early."""
        if event.position == stream.NO_POSITION:
            self._pass(event)
        elif self.head is None:
            self.early[event.position] = event
        elif event.position > self.head:
            self.early[event.position] = event
            while following := self.early.pop(self.head + 1, None):
                self.head += 1
                self._pass(following)

    def _pass(self, event: Event) -> None:
        for listener in tuple(self.listeners):
            listener.hear(event)

    @property
    def gap(self) -> bool:
        return self.head is not None and bool(self.early)

    def begin(self, head: int) -> None:
        """The listeners have been brought up to `head` from the database."""
        if self.head is None:
            early, self.early, self.head = self.early, {}, head
            for event in early.values():
                self.offer(event)


class Hub:
    """May lose anything: what is missing is read from the stream."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._channels: dict[str, Channel] = {}
        self._mending: set[asyncio.Task[None]] = set()

    def publish(self, events: Iterable[Event]) -> None:
        for event in events:
            channel = self._channels.get(event.topic)
            if channel is not None:
                channel.offer(event)
                self._soon(channel)

    def join(self, listener: Listener, topics: Iterable[str]) -> None:
        """Before the listener's replay is read: what is committed from now on reaches it by one way or the other."""
        for topic in topics:
            self._channels.setdefault(topic, Channel(topic)).listeners.add(listener)

    def begin(self, topic: str, head: int) -> None:
        if channel := self._channels.get(topic):
            channel.begin(head)
            self._soon(channel)

    def leave(self, listener: Listener, topics: Iterable[str]) -> None:
        for topic in topics:
            if channel := self._channels.get(topic):
                channel.listeners.discard(listener)
                if not channel.listeners:
                    del self._channels[topic]

    def _soon(self, channel: Channel) -> None:
        if channel.gap:
            # Threads hand over out of order: what is missing is most likely on its way.
            asyncio.get_running_loop().call_later(GAP_SECONDS, self._mend, channel)

    def _mend(self, channel: Channel) -> None:
        if channel.gap:
            task = asyncio.get_running_loop().create_task(self._catch_up(channel))
            self._mending.add(task)
            task.add_done_callback(self._mending.discard)

    async def _catch_up(self, channel: Channel) -> None:
        """Read from the database what lies between the head and what is early."""
        while channel.head is not None and channel.listeners:
            try:
                events = await self._db.read(stream.after, channel.topic, channel.head)
            except Problem as problem:
                log.warning("events cannot be read", extra={"code": problem.code})
                return
            for event in events:
                channel.offer(event)
            if len(events) < stream.PAGE:
                return

    async def poll(self) -> None:
        """The floor under every bus: once a second, read what other processes have told."""
        await forever(self._poll_all, POLL_SECONDS)

    async def _poll_all(self) -> None:
        topics = list(self._channels)
        for start in range(0, len(topics), POLLED):
            await self._poll(topics[start : start + POLLED])

    async def _poll(self, topics: list[str]) -> None:
        try:
            heads = await self._db.read(stream.heads, topics)
        except Problem as problem:
            log.warning("heads cannot be read", extra={"code": problem.code})
            return
        for topic, head in heads.items():
            channel = self._channels.get(topic)
            if channel is not None and channel.head is not None and channel.head < head.position:
                await self._catch_up(channel)
