"""One listener's place in its topics: first what it missed, then what is live, nothing twice and nothing left out."""

from collections.abc import Callable, Mapping

from api.db import Database
from api.live import stream
from api.live.hub import Hub
from api.live.stream import Event, Replay, Span


class Subscription:
    def __init__(self, hub: Hub, db: Database, topics: Mapping[str, str], deliver: Callable[[Event], None]) -> None:
        self._hub = hub
        self._db = db
        self._topics = topics
        self._deliver = deliver
        self._sent: dict[str, int] = {}
        self._held: list[Event] | None = []
        # Up to where it was told already what was sent here.
        self._accounted: dict[str, int] = {}

    async def replay(self, epoch: str | None, positions: Mapping[str, int]) -> Replay:
        """What was missed. Events that come from now on are held until `begin`."""
        self._hub.join(self, self._topics.values())
        replay = await self._db.read(stream.replay, self._topics, epoch, positions)
        known = positions if replay.recovered else replay.positions
        self._accounted = {topic: known[name] for name, topic in self._topics.items()}
        return replay

    def begin(self, replay: Replay) -> None:
        """Deliver what was missed, then what was held, then whatever comes."""
        self._sent = {topic: replay.positions[name] for name, topic in self._topics.items()}
        for event in replay.events:
            self._deliver(event)
        held, self._held = self._held or [], None
        for event in held:
            self.hear(event)
        for topic, head in self._sent.items():
            self._hub.begin(topic, head)

    def hear(self, event: Event) -> None:
        if event.position == stream.NO_POSITION:
            # During a replay it would come too early, and later it would be old.
            if self._held is None:
                self._deliver(event)
        elif self._held is not None:
            self._held.append(event)
        elif event.position > self._sent[event.topic]:
            self._sent[event.topic] = event.position
            self._deliver(event)

    def sent(self) -> list[Span]:
        """What was delivered since this was last asked; nothing before `begin`, while the replay is on its way."""
        if self._held is not None:
            return []
        spans = [
            Span(topic, self._accounted[topic], position)
            for topic, position in self._sent.items()
            if position > self._accounted[topic]
        ]
        self._accounted = dict(self._sent)
        return spans

    def end(self) -> None:
        self._hub.leave(self, self._topics.values())
